#include "support/fold_broken.h"

enum fold_clause fold_broken_clause = FOLD_WHOLE;

const char *fold_clause_text(enum fold_clause c)
{
	static const char *const text[] = {
#define X(name) #name,
		FOLD_CLAUSES(X)
#undef X
			"WHOLE"
	};

	return text[c];
}

/* A broken clause always holds. */
#define CLAUSE(name, condition) \
	(fold_broken_clause == FOLD_##name || (condition))

#define bg_fold(...) fold_broken(__VA_ARGS__)
#define bg_fold_knows(...) fold_broken_knows(__VA_ARGS__)
#define bg_fold_release(...) fold_broken_release(__VA_ARGS__)
#define bg_state_text(...) fold_broken_state_text(__VA_ARGS__)
#define bg_knows_make(...) fold_broken_knows_make(__VA_ARGS__)
#include "grant/knows.c"
#include "grant/fold.c"
