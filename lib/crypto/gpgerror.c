#include <gpgme.h>
#include <stdarg.h>
#include <stdio.h>

#include "crypto/agent.h"

/* Codes, never texts: those follow the locale (prototype.md, "pitfalls"). */
static const struct meaning {
	gpg_err_code_t code;
	const char *id, *what, *hint;
} meanings[] = {
	{ GPG_ERR_CANCELED, "pinentry-cancelled",
	  "the passphrase prompt was cancelled; run it again to be asked again",
	  NULL },
	{ GPG_ERR_FULLY_CANCELED, "pinentry-cancelled",
	  "the passphrase prompt was cancelled; run it again to be asked again",
	  NULL },
	{ GPG_ERR_BAD_PASSPHRASE, "bad-passphrase",
	  "the passphrase was wrong; run it again to be asked again", NULL },
	{ GPG_ERR_BAD_PIN, "bad-passphrase",
	  "the PIN was wrong; run it again to be asked again", NULL },
	{ GPG_ERR_PIN_BLOCKED, "bad-passphrase", "the card's PIN is blocked",
	  "gpg --card-edit" },
	{ GPG_ERR_TIMEOUT, "pinentry-timeout",
	  "nobody answered the passphrase prompt in time; run it again to be asked again",
	  NULL },
	{ GPG_ERR_NO_PIN_ENTRY, "no-pinentry",
	  "its passphrase is needed and cannot be asked for here",
	  "export GPG_TTY=$(tty)" },
	{ GPG_ERR_NO_SECKEY, "key-not-here",
	  "the secret key is not on this machine", "gpg -K" },
	{ GPG_ERR_NOT_FOUND, "key-not-here",
	  "the secret key is not on this machine", "gpg -K" },
	{ GPG_ERR_UNUSABLE_SECKEY, "key-not-here",
	  "the secret key cannot be used", "gpg -K" },
	{ GPG_ERR_CARD, "card-missing", "the smart card failed",
	  "gpg --card-status" },
	{ GPG_ERR_CARD_NOT_PRESENT, "card-missing",
	  "the smart card is not there", "gpg --card-status" },
	{ GPG_ERR_CARD_REMOVED, "card-missing", "the smart card was removed",
	  "gpg --card-status" },
	{ GPG_ERR_CARD_NOT_INITIALIZED, "card-missing",
	  "the smart card holds no key", "gpg --card-status" },
	{ GPG_ERR_NO_SCDAEMON, "card-missing",
	  "the smart card service (scdaemon) is not there",
	  "gpg --card-status" },
	{ GPG_ERR_ENODEV, "card-missing", "the smart card is not there",
	  "gpg --card-status" },
	{ GPG_ERR_WRONG_CARD, "card-missing", "another smart card is inserted",
	  "gpg --card-status" },
	{ GPG_ERR_NO_AGENT, "agent-unreachable", "gpg-agent cannot be reached",
	  "gpgconf --launch gpg-agent" },
	{ GPG_ERR_EOF, "agent-unreachable", "gpg-agent went away",
	  "gpgconf --launch gpg-agent" },
	{ GPG_ERR_EPIPE, "agent-unreachable", "gpg-agent went away",
	  "gpgconf --launch gpg-agent" },
	{ GPG_ERR_ECONNREFUSED, "agent-unreachable",
	  "gpg-agent cannot be reached", "gpgconf --launch gpg-agent" },
	{ GPG_ERR_ECONNRESET, "agent-unreachable", "gpg-agent went away",
	  "gpgconf --launch gpg-agent" },
	{ GPG_ERR_EAGAIN, "agent-unreachable", "gpg-agent does not answer",
	  "gpgconf --kill gpg-agent" },
	{ GPG_ERR_ASS_CONNECT_FAILED, "agent-unreachable",
	  "gpg-agent cannot be reached", "gpgconf --launch gpg-agent" },
	{ GPG_ERR_ASS_READ_ERROR, "agent-unreachable", "gpg-agent went away",
	  "gpgconf --launch gpg-agent" },
	{ GPG_ERR_ASS_WRITE_ERROR, "agent-unreachable", "gpg-agent went away",
	  "gpgconf --launch gpg-agent" },
	{ GPG_ERR_FORBIDDEN, "agent-refuses", "gpg-agent does not allow this",
	  NULL },
	{ GPG_ERR_ASS_UNKNOWN_CMD, "agent-refuses",
	  "gpg-agent does not know the command", NULL },
	{ GPG_ERR_NOT_SUPPORTED, "agent-refuses",
	  "gpg-agent does not support this", NULL },
	{ GPG_ERR_NOT_IMPLEMENTED, "agent-refuses",
	  "gpg-agent does not support this", NULL },
};

int bg_fail_gpg(struct bg_error *err, unsigned gpg_error, const char *fmt, ...)
{
	gpg_err_code_t code = gpg_err_code(gpg_error);
	struct meaning m = { code, "gpg", NULL, NULL };
	char what[512];
	va_list ap;

	for (size_t i = 0; i < sizeof(meanings) / sizeof(*meanings); i++)
		if (meanings[i].code == code)
			m = meanings[i];
	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	if (m.what)
		bg_fail(err, BG_ENOKEY, m.id, "%s: %s", what, m.what);
	else
		bg_fail(err, BG_ENOKEY, m.id, "%s: error %u of %s", what,
			(unsigned)code, gpgme_strsource(gpg_error));
	if (m.hint)
		bg_hint(err, "%s", m.hint);
	return BG_ENOKEY;
}
