/*
 * Programs named in files under trust (lifecycle.md X4): an absolute path or a
 * plain name that is looked up in the system path later, arguments as a list,
 * placeholders as whole arguments, literal environment.  Read and linted here,
 * run elsewhere.
 */
#ifndef BG_POLICY_PROGRAM_H
#define BG_POLICY_PROGRAM_H

#include "format/yaml_read.h"
#include "policy/policy.h"

#define BG_PROGRAM_ARGS 64
#define BG_PROGRAM_ARG_MAX 1024

/* Read `run`, a list, with `env`, a map or NULL.  in_probe: the placeholders
 * {grant} and {expires} are not known yet. Faults: program-path program-shell
 * placeholder-inside placeholder-unknown placeholder-early env-not-allowed. */
void bg_program_read(struct bg_reader *r, const struct bg_yaml *run,
		     const struct bg_yaml *env, bool in_probe,
		     struct bg_program *out);

/* One of {grant} {principal} {identity} {expires} {host}. */
bool bg_program_is_placeholder(const char *arg);

#endif
