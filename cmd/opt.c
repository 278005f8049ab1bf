#include "cmd/opt.h"

#include <ctype.h>
#include <errno.h>

#include "base/io.h"
#include "format/nearest.h"

/* One spelling that was found in a table. */
struct hit {
	const struct bg_opt *opt;
	size_t index;
	bool global;
	bool file;    /* -F of a message */
	bool negated; /* --no-flag */
};
struct parse {
	struct bg_parsed *out;
	const struct bg_opt_rules *rules;
	int argc, at;
	char **argv;
	uint64_t globals_seen;
};

void bg_parsed_release(struct bg_parsed *p)
{
	bg_str_release(&p->text);
}

static bool has_value(const struct bg_opt *o)
{
	return o->kind != BG_OPT_FLAG;
}

static bool short_in(struct hit *hit, const struct bg_opt *opts, char c)
{
	for (size_t i = 0; opts && opts[i].kind; i++) {
		bool file = opts[i].kind == BG_OPT_MESSAGE && c == 'F';
		if (opts[i].short_ != c && !file)
			continue;
		*hit = (struct hit){ .opt = &opts[i],
				     .index = i,
				     .file = file };
		return true;
	}
	return false;
}

static bool long_in(struct hit *hit, const struct bg_opt *opts,
		    const char *name)
{
	for (size_t i = 0; opts && opts[i].kind; i++) {
		const struct bg_opt *o = &opts[i];
		bool text = o->kind == BG_OPT_MESSAGE;
		bool file = text && !strcmp(name, "file");
		bool old = text && (!strcmp(name, "reason") ||
				    !strcmp(name, "comment"));
		bool no = o->kind == BG_OPT_FLAG &&
			  bg_starts_with(name, "no-") &&
			  !strcmp(name + 3, o->long_);
		if (strcmp(name, o->long_) && !file && !old && !no)
			continue;
		*hit = (struct hit){
			.opt = o, .index = i, .file = file, .negated = no
		};
		return true;
	}
	return false;
}

/* The command's own table first: exact names of the command win. */
static bool find_short(struct hit *hit, const struct bg_opt_rules *r, char c)
{
	if (short_in(hit, r->opts, c))
		return true;
	if (!short_in(hit, r->globals, c))
		return false;
	hit->global = true;
	return true;
}

static bool find_long(struct hit *hit, const struct bg_opt_rules *r,
		      const char *name)
{
	if (long_in(hit, r->opts, name))
		return true;
	if (!long_in(hit, r->globals, name))
		return false;
	hit->global = true;
	return true;
}

struct names {
	BG_VEC(const char *) list;
};

static void collect(void *arg, const struct bg_opt *opt, char short_,
		    const char *long_, const char *placeholder,
		    const char *help)
{
	struct names *n = arg;
	(void)opt, (void)short_, (void)placeholder, (void)help;
	if (bg_vec_push(&n->list, long_))
		return;
}

static int unknown_long(const struct bg_opt_rules *r, const char *name,
			struct bg_error *err)
{
	struct names n = { 0 };
	bg_opt_each(r->opts, collect, &n);
	bg_opt_each(r->globals, collect, &n);
	const char *near = bg_nearest(name, n.list.v, n.list.n);
	/* An abbreviation is far in edits but clear in meaning. */
	for (size_t i = 0; !near && i < n.list.n; i++)
		if (*name && bg_starts_with(n.list.v[i], name))
			near = n.list.v[i];
	bg_vec_release(&n.list);
	if (near)
		return bg_fail(err, BG_EUSAGE, "unknown-option",
			       "unknown option '--%s': did you mean '--%s'?",
			       name, near);
	return bg_fail(err, BG_EUSAGE, "unknown-option",
		       "unknown option '--%s'", name);
}

static int bad_value(struct bg_error *err, const struct bg_opt *o,
		     const char *value, const char *want)
{
	return bg_fail(err, BG_EUSAGE, "bad-value",
		       "wrong value '%s' for '--%s': want %s", value, o->long_,
		       want);
}

/* Strings of evidence hold no line ends (evidence.md, "Canonical JSON"): a text
 * of several lines becomes one. */
static void one_line(struct bg_str *s)
{
	size_t n = 0;
	for (size_t i = 0; i < s->len; i++) {
		char c = s->buf[i];
		if (c == '\n' || c == '\r' || c == '\t')
			c = ' ';
		if (c == ' ' && (!n || s->buf[n - 1] == ' '))
			continue;
		s->buf[n++] = c;
	}
	while (n && s->buf[n - 1] == ' ')
		n--;
	if (s->buf)
		s->buf[n] = 0;
	s->len = n;
}

static int add_message(struct parse *p, const struct bg_opt *o, bool file,
		       const char *value, struct bg_error *err)
{
	BG_AUTO(str) struct bg_str read = BG_STR_INIT;
	int rc = 0;
	if (file && !strcmp(value, "-"))
		rc = bg_fd_read_all(&read, 0, BG_MESSAGE_MAX, err);
	else if (file)
		rc = bg_file_read(&read, value, BG_MESSAGE_MAX, err);
	else
		bg_str_add(&read, value);
	if (rc)
		return bg_wrap(err, "cannot read the message");
	if (read.len && memchr(read.buf, 0, read.len))
		return bg_fail(err, BG_EUSAGE, "bad-text",
			       "wrong message: it has a NUL byte");
	one_line(&read);
	struct bg_str *text = &p->out->text;
	if (text->len + read.len + 1 > BG_MESSAGE_MAX)
		return bg_fail(err, BG_EUSAGE, "message-too-long",
			       "message too long: more than %d bytes",
			       BG_MESSAGE_MAX);
	if (text->len)
		bg_str_add(text, " ");
	bg_str_add(text, bg_str_text(&read));
	/* The buffer moves while it grows: set the target anew each time. */
	*(const char **)o->target = bg_str_text(text);
	return bg_str_check(text, err);
}

static int set_duration(const struct bg_opt *o, const char *value,
			struct bg_error *err)
{
	int64_t *out = o->target;
	bool max = o->complete && !strcmp(o->complete, "max");
	if (max && !strcmp(value, "max"))
		*out = -1;
	else if (!bg_duration_parse(out, value))
		return bad_value(err, o, value,
				 max ? "a duration (90s 30m 2h 7d) or max"
				     : "a duration (90s 30m 2h 7d)");
	return 0;
}

static int set_number(const struct bg_opt *o, const char *value,
		      struct bg_error *err)
{
	char *end;
	errno = 0;
	long long n = isdigit((unsigned char)*value) ? strtoll(value, &end, 10)
						     : -1;
	if (n < 0 || errno || *end)
		return bad_value(err, o, value, "a number");
	*(int64_t *)o->target = n;
	return 0;
}

static int set_time(const struct bg_opt *o, const char *value,
		    struct bg_error *err)
{
	static const char *const want =
		"a time (2026-11-23T03:14Z), day, month, quarter or year";
	struct bg_range *range = o->target;
	bool good;
	if (o->kind == BG_OPT_PERIOD)
		good = bg_time_parse(&range->since_ms, value, false) &&
		       bg_time_parse(&range->until_ms, value, true);
	else
		good = bg_time_parse(o->target, value, o->kind == BG_OPT_UNTIL);
	return good ? 0 : bad_value(err, o, value, want);
}

static int set(struct parse *p, const struct hit *hit, const char *value,
	       struct bg_error *err)
{
	const struct bg_opt *o = hit->opt;
	uint64_t *seen = hit->global ? &p->globals_seen : &p->out->seen;
	uint64_t bit = UINT64_C(1) << hit->index;
	if ((*seen & bit) && o->kind != BG_OPT_FLAG && o->kind != BG_OPT_LIST &&
	    o->kind != BG_OPT_MESSAGE)
		return bg_fail(err, BG_EUSAGE, "given-twice",
			       "option '--%s' given twice", o->long_);
	*seen |= bit;
	switch (o->kind) {
	case BG_OPT_FLAG:
		*(bool *)o->target = !hit->negated;
		return 0;
	case BG_OPT_TEXT:
		*(const char **)o->target = value;
		return 0;
	case BG_OPT_LIST:
		if (bg_vec_push(&((struct bg_opt_list *)o->target)->list,
				value))
			return bg_fail_oom(err);
		return 0;
	case BG_OPT_DURATION:
		return set_duration(o, value, err);
	case BG_OPT_NUMBER:
		return set_number(o, value, err);
	case BG_OPT_SINCE:
	case BG_OPT_UNTIL:
	case BG_OPT_PERIOD:
		return set_time(o, value, err);
	case BG_OPT_MESSAGE:
		return add_message(p, o, hit->file, value, err);
	case BG_OPT_END:
		break;
	}
	return 0;
}

static int take_value(const char **value, struct parse *p, const char *name,
		      struct bg_error *err)
{
	if (p->at + 1 >= p->argc)
		return bg_fail(err, BG_EUSAGE, "no-value",
			       "option '%s' needs a value", name);
	*value = p->argv[++p->at];
	return 0;
}

static int parse_long(struct parse *p, const char *arg, struct bg_error *err)
{
	char name[64];
	const char *eq = strchr(arg, '=');
	size_t n = eq ? (size_t)(eq - arg) : strlen(arg);
	if (n >= sizeof(name))
		return bg_fail(err, BG_EUSAGE, "unknown-option",
			       "unknown option '--%.60s...'", arg);
	memcpy(name, arg, n);
	name[n] = 0;
	if (!strcmp(name, "help") && !eq) {
		p->out->help = true;
		return 0;
	}
	struct hit hit;
	if (!find_long(&hit, p->rules, name))
		return unknown_long(p->rules, name, err);
	const char *value = eq ? eq + 1 : NULL;
	if (!has_value(hit.opt) && value)
		return bg_fail(err, BG_EUSAGE, "unexpected-value",
			       "option '--%s' takes no value", name);
	char shown[68];
	snprintf(shown, sizeof(shown), "--%s", name);
	if (has_value(hit.opt) && !value) {
		int rc = take_value(&value, p, shown, err);
		if (rc)
			return rc;
	}
	return set(p, &hit, value, err);
}

static bool all_digits(const char *s)
{
	size_t n = strspn(s, "0123456789");
	return n && !s[n];
}

static int parse_short(struct parse *p, const char *arg, struct bg_error *err)
{
	struct hit hit;
	if (all_digits(arg) && find_short(&hit, p->rules, 'n') &&
	    hit.opt->kind == BG_OPT_NUMBER)
		return set(p, &hit, arg, err);
	for (const char *c = arg; *c; c++) {
		if (*c == 'h' && !short_in(&hit, p->rules->opts, 'h')) {
			p->out->help = true;
			continue;
		}
		if (!find_short(&hit, p->rules, *c))
			return bg_fail(err, BG_EUSAGE, "unknown-option",
				       isprint((unsigned char)*c)
					       ? "unknown option '-%c'"
					       : "unknown option '-\\x%02x'",
				       (unsigned char)*c);
		const char *value = NULL;
		char name[3] = { '-', *c, 0 };
		int rc = 0;
		if (has_value(hit.opt) && c[1])
			value = c + 1;
		else if (has_value(hit.opt))
			rc = take_value(&value, p, name, err);
		if (!rc)
			rc = set(p, &hit, value, err);
		if (rc || has_value(hit.opt))
			return rc;
	}
	return 0;
}

static bool is_grant(const char *arg)
{
	return arg[0] == '@' || bg_starts_with(arg, "BG-");
}

/* The rest of the line are arguments as they are. */
static void take_rest(struct parse *p)
{
	while (p->at < p->argc)
		p->out->argv[p->out->argc++] = p->argv[p->at++];
}

int bg_opt_parse(struct bg_parsed *out, int argc, char **argv,
		 const struct bg_opt_rules *rules, struct bg_error *err)
{
	struct parse p = {
		.out = out, .rules = rules, .argc = argc, .argv = argv
	};
	*out = (struct bg_parsed){ .argv = argv, .dashes = -1 };
	for (; p.at < argc; p.at++) {
		char *arg = argv[p.at];
		int rc = 0;
		if (!strcmp(arg, "--")) {
			out->dashes = out->argc;
			p.at++;
			take_rest(&p);
			break;
		}
		if (arg[0] == '-' && arg[1] == '-') {
			rc = parse_long(&p, arg + 2, err);
		} else if (arg[0] == '-' && arg[1]) {
			rc = parse_short(&p, arg + 1, err);
		} else if (rules->stop_first ||
			   (rules->stop && (out->argc > 0 || !is_grant(arg)))) {
			take_rest(&p);
			break;
		} else {
			out->argv[out->argc++] = arg;
		}
		if (rc)
			return rc;
	}
	return 0;
}

bool bg_opt_given(const struct bg_parsed *p, const struct bg_opt *opts,
		  const char *long_)
{
	for (size_t i = 0; opts && opts[i].kind; i++)
		if (!strcmp(opts[i].long_, long_))
			return p->seen & (UINT64_C(1) << i);
	return false;
}

int bg_opt_conflict(const struct bg_parsed *p, const struct bg_opt *opts,
		    const char *a, const char *b, struct bg_error *err)
{
	if (!bg_opt_given(p, opts, a) || !bg_opt_given(p, opts, b))
		return 0;
	return bg_fail(err, BG_EUSAGE, "conflict",
		       "options '--%s' and '--%s' exclude each other", a, b);
}

void bg_opt_each(const struct bg_opt *opts, bg_opt_fn fn, void *arg)
{
	for (size_t i = 0; opts && opts[i].kind; i++) {
		const struct bg_opt *o = &opts[i];
		if (!o->help)
			continue;
		fn(arg, o, o->short_, o->long_, o->placeholder, o->help);
		if (o->kind == BG_OPT_MESSAGE)
			fn(arg, o, 'F', "file", "FILE",
			   "the same from a file, - for standard input");
	}
}

static void describe(void *arg, const struct bg_opt *opt, char short_,
		     const char *long_, const char *placeholder,
		     const char *help)
{
	struct bg_str *out = arg;
	char left[80];
	(void)opt;
	snprintf(left, sizeof(left), "%c%c%s--%s%s%s", short_ ? '-' : ' ',
		 short_ ? short_ : ' ', short_ ? ", " : "  ", long_,
		 placeholder ? " " : "", placeholder ? placeholder : "");
	if (strlen(left) <= 25)
		bg_str_addf(out, "  %-25s %s\n", left, help);
	else
		bg_str_addf(out, "  %s\n  %-25s %s\n", left, "", help);
}

void bg_opt_describe(struct bg_str *out, const struct bg_opt *opts)
{
	bg_opt_each(opts, describe, out);
}
