/* Faults of files: kept, sorted, printed. */
#include "format/yaml.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* The same file name is stored once. */
static const char *intern(struct bg_faults *f, const char *file)
{
	if (!file)
		file = "";
	for (size_t i = f->list.n; i-- > 0;)
		if (strcmp(f->list.v[i].file, file) == 0)
			return f->list.v[i].file;
	file = bg_arena_strdup(&f->arena, file);
	return file ? file : "";
}

/* Cut at a character, not inside one. */
static void print_text(struct bg_fault *fault, const char *fmt, va_list ap)
{
	int n = vsnprintf(fault->text, sizeof(fault->text), fmt, ap);
	if (n < 0 || (size_t)n < sizeof(fault->text))
		return;
	size_t end = sizeof(fault->text) - 4;
	while (end > 0 && (fault->text[end] & 0xc0) == 0x80)
		end--;
	memcpy(fault->text + end, "...", 4);
}

static void add(struct bg_faults *f, struct bg_fault *fault, const char *id,
		const char *fmt, va_list ap)
{
	snprintf(fault->id, sizeof(fault->id), "%s", id);
	print_text(fault, fmt, ap);
	if (bg_vec_push(&f->list, *fault))
		f->arena.oom = 1;
}

static void vadd(struct bg_faults *f, const char *file, unsigned line,
		 unsigned col, enum bg_severity severity, const char *id,
		 const char *fmt, va_list ap)
{
	if (f->list.n > BG_FAULTS_MAX)
		return;
	struct bg_fault fault = { .file = intern(f, file),
				  .line = line,
				  .col = col,
				  .severity = severity };
	if (f->list.n < BG_FAULTS_MAX) {
		add(f, &fault, id, fmt, ap);
		return;
	}
	fault.severity = BG_SEV_ERROR;
	snprintf(fault.id, sizeof(fault.id), "too-many-faults");
	snprintf(fault.text, sizeof(fault.text),
		 "more than %d faults: the rest is not shown", BG_FAULTS_MAX);
	if (bg_vec_push(&f->list, fault))
		f->arena.oom = 1;
}

void bg_fault_add(struct bg_faults *f, const char *file, unsigned line,
		  unsigned col, enum bg_severity severity, const char *id,
		  const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	vadd(f, file, line, col, severity, id, fmt, ap);
	va_end(ap);
}

void bg_yaml_vfault(struct bg_yaml_doc *doc, const struct bg_yaml *at,
		    enum bg_severity severity, const char *id, const char *fmt,
		    va_list ap)
{
	vadd(doc->faults, doc->file, at ? at->line : 0, at ? at->col : 0,
	     severity, id, fmt, ap);
}

void bg_yaml_fault(struct bg_yaml_doc *doc, const struct bg_yaml *at,
		   enum bg_severity severity, const char *id, const char *fmt,
		   ...)
{
	va_list ap;
	va_start(ap, fmt);
	bg_yaml_vfault(doc, at, severity, id, fmt, ap);
	va_end(ap);
}

void bg_fault_format(struct bg_str *out, const struct bg_fault *f)
{
	bg_text_escape(out, f->file, strlen(f->file), false);
	if (f->line)
		bg_str_addf(out, ":%u:%u", f->line, f->col);
	bg_str_addf(out, ": %s: ",
		    f->severity == BG_SEV_ERROR ? "error" : "warning");
	bg_text_escape(out, f->text, strlen(f->text), false);
	bg_str_addf(out, " [%s]\n", f->id);
}

static bool after(const struct bg_fault *a, const struct bg_fault *b)
{
	int order = strcmp(a->file, b->file);
	if (order)
		return order > 0;
	if (a->line != b->line)
		return a->line > b->line;
	return a->col > b->col;
}

/* Insertion: stable, and there are at most BG_FAULTS_MAX + 1. */
void bg_faults_sort(struct bg_faults *f)
{
	for (size_t i = 1; i < f->list.n; i++) {
		struct bg_fault fault = f->list.v[i];
		size_t j = i;
		for (; j > 0 && after(&f->list.v[j - 1], &fault); j--)
			f->list.v[j] = f->list.v[j - 1];
		f->list.v[j] = fault;
	}
}

bool bg_faults_have_errors(const struct bg_faults *f)
{
	for (size_t i = 0; i < f->list.n; i++)
		if (f->list.v[i].severity == BG_SEV_ERROR)
			return true;
	return false;
}

int bg_faults_fail(const struct bg_faults *f, int code, struct bg_error *err)
{
	const struct bg_fault *first = NULL;
	size_t more = 0;
	for (size_t i = 0; i < f->list.n; i++) {
		if (f->list.v[i].severity != BG_SEV_ERROR)
			continue;
		if (first)
			more++;
		else
			first = &f->list.v[i];
	}
	if (!first)
		return bg_fail(err, code, "faults", "the file has faults");
	char place[32] = "", others[48] = "";
	if (first->line)
		snprintf(place, sizeof(place), ":%u:%u", first->line,
			 first->col);
	if (more)
		snprintf(others, sizeof(others), " (and %zu more)", more);
	return bg_fail(err, code, first->id, "%s%s: %s%s", first->file, place,
		       first->text, others);
}

void bg_faults_release(struct bg_faults *f)
{
	bg_vec_release(&f->list);
	bg_arena_release(&f->arena);
}
