/*
 * Settings of the sanitizers, linked into every program of a sanitizer build:
 * programs that bg starts have an environment without them.  Reports go to
 * files, so that those of processes that nobody listens to are found too
 * (tests/run looks).
 */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "detect_leaks=1:exitcode=99:abort_on_error=0:"
	       "log_path=" BG_SAN_LOG "/asan";
}

const char *__ubsan_default_options(void);
const char *__ubsan_default_options(void)
{
	return "print_stacktrace=1:exitcode=99:log_path=" BG_SAN_LOG "/ubsan";
}

/* Proven to be other libraries' own, each with the reason. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "";
}
