#include "cmd/facts.h"

static void line(FILE *f, const char *label, const char *text)
{
	if (!text || !*text)
		return;
	fprintf(f, "  %-9s", label);
	bg_ui_block(f, text, 11);
	fputc('\n', f);
}

static void print_probe(FILE *f, const json_t *data)
{
	const json_t *probe = json_object_get(data, "probe");
	BG_AUTO(str) struct bg_str s = BG_STR_INIT;
	const char *code = bg_json_text(data, "code");
	bg_str_add(&s, code ? code : "no code");
	if (probe) {
		const char *result = bg_json_text(probe, "result");
		const char *why = bg_json_text(probe, "why");
		bool good = bg_str_eq(result, "as-expected");
		bool not_run = bg_str_eq(result, "could-not-run");
		bg_str_addf(&s, ": the probe of '%s' %s%s%s",
			    bg_json_text(probe, "trigger"),
			    good      ? "says so too"
			    : not_run ? "could not run"
				      : "says OTHERWISE",
			    why ? ", " : "", why ? why : "");
	} else {
		bg_str_add(&s, ", without a probe");
	}
	line(f, "because", bg_str_text(&s));
}

static void print_window(FILE *f, struct bg_ctx *ctx, const struct bg_grant *g)
{
	BG_AUTO(str) struct bg_str s = BG_STR_INIT;
	if (g->fold.has_window) {
		bg_ui_time(&s, &ctx->ui, g->fold.began_ms);
		bg_str_add(&s, " to ");
		bg_ui_time(&s, &ctx->ui, g->fold.window_ms);
		line(f, "window", bg_str_text(&s));
		return;
	}
	int64_t secs =
		g->activate ? bg_json_int(g->activate->data, "duration", 0) : 0;
	char text[BG_SPAN_LEN];
	if (!secs)
		return;
	bg_ui_span(text, secs * 1000);
	bg_str_addf(&s, "%s, once it is open", text);
	line(f, "window", bg_str_text(&s));
}

static void print_end(FILE *f, struct bg_ctx *ctx, const struct bg_grant *g)
{
	BG_AUTO(str) struct bg_str s = BG_STR_INIT;
	char text[BG_SPAN_LEN];
	if (!g->end)
		return;
	bg_str_addf(&s, "%s by %s at ",
		    g->fold.outcome ? g->fold.outcome : "ended", g->end->by);
	bg_ui_time(&s, &ctx->ui, g->end->at_ms);
	if (g->proof && g->lag_ms >= 0) {
		snprintf(text, sizeof(text), "%lld.%llds",
			 (long long)(g->lag_ms / 1000),
			 (long long)(g->lag_ms % 1000 / 100));
		bg_str_addf(&s, "; gone, proven after %s", text);
	} else if (g->state == BG_ENDING) {
		bg_str_add(&s, "; NOT PROVEN gone");
	}
	line(f, "end", bg_str_text(&s));
}

void bg_facts_print(FILE *f, struct bg_ctx *ctx, const struct bg_grant *g)
{
	const json_t *d = g->activate->data;
	const char *policy =
		g->policy ? g->policy->name
			  : bg_json_text(json_object_get(d, "policy"), "name");
	const char *scope = bg_json_text(d, "scope");
	BG_AUTO(str) struct bg_str when = BG_STR_INIT;
	fprintf(f, "%s  ", g->label);
	bg_ui_text(f, policy ? policy : "?");
	fputc('/', f);
	bg_ui_text(f, scope ? scope : "?");
	fprintf(f, "  %s%s\n", bg_state_text(g->state),
		g->declared ? ", declared afterwards" : "");
	bg_ui_time(&when, &ctx->ui, g->activate->at_ms);
	BG_AUTO(str) struct bg_str who = BG_STR_INIT;
	bg_str_addf(&who, "%s", g->by);
	if (g->beneficiary && strcmp(g->beneficiary, g->by))
		bg_str_addf(&who, " for %s", g->beneficiary);
	bg_str_addf(&who, ", %s", bg_str_text(&when));
	line(f, "by", bg_str_text(&who));
	line(f, "why", bg_json_text(d, "reason"));
	if (!g->declared)
		print_probe(f, d);
	line(f, "ticket", bg_json_text(d, "ticket"));
	line(f, "identity", bg_json_text(d, "identity"));
	print_window(f, ctx, g);
	print_end(f, ctx, g);
	if (g->decision)
		line(f, "review", g->decision);
	if (g->class_ && strcmp(g->class_, "emergency"))
		line(f, "class", g->class_);
}

void bg_event_line(struct bg_str *out, const struct bg_event *e)
{
	BG_AUTO(str) struct bg_str subject = BG_STR_INIT;
	struct bg_error ignored;
	char at[BG_TIME_LEN + 1];
	bg_time_format(at, e->at_ms);
	bg_str_addf(out, "%.19sZ  %-10s ", at, e->by ? e->by : "?");
	if (bg_event_subject(&subject, e, &ignored))
		bg_str_add(&subject, bg_event_type_text(e->type));
	bg_ui_escape(out, bg_str_text(&subject), 0);
	if (e->wrong)
		bg_str_add(out, "  [WRONG: does not count]");
	else if (e->doubtful)
		bg_str_add(out, "  [doubtful]");
}

json_t *bg_event_json(const struct bg_event *e)
{
	char digest[BG_DIGEST_TEXT + 1], commit[2 * BG_OID_LEN + 1];
	json_t *o = json_copy(e->json);
	bg_digest_format(digest, &e->digest);
	bg_oid_format(commit, &e->commit);
	if (!o || json_object_set_new(o, "event", json_string(digest)) ||
	    json_object_set_new(o, "commit", json_string(commit))) {
		json_decref(o);
		return NULL;
	}
	return o;
}

void bg_result_line(struct bg_ctx *ctx, const char *label, const char *fmt, ...)
{
	BG_AUTO(str) struct bg_str text = BG_STR_INIT;
	va_list ap;
	const char *shared = bg_ctx_share(ctx);
	va_start(ap, fmt);
	bg_str_vaddf(&text, fmt, ap);
	va_end(ap);
	if (label)
		printf("%s  ", bg_ctx_at(ctx, label));
	bg_ui_text(stdout, bg_str_text(&text));
	printf("%s%s\n", *shared ? "      " : "", shared);
}
