# bg: one Makefile for everything.  `make help` lists the targets.
#
# Nothing is included recursively and no path is listed twice: a new file in
# lib/*/, cmd/, cmd/providers/, tests/unit/ or tests/tools/ is picked up by
# its place.

VERSION := 0.1.0

# Everything that building, testing and linting need, and the only list of it.
PACKAGES := \
	build-essential pkg-config \
	libgit2-dev libgpgme-dev libyaml-dev libssl-dev libsqlite3-dev \
	libjansson-dev libassuan-dev libcmocka-dev \
	git gnupg gpg-agent perl procps jq tmux strace faketime \
	zsh fish \
	clang clang-format clang-tidy libclang-rt-dev cppcheck shellcheck \
	mandoc valgrind

PREFIX ?= /usr/local
DESTDIR ?=
SANITIZE ?=
V ?=

BINDIR = $(PREFIX)/bin
MANDIR = $(PREFIX)/share/man
DATADIR = $(PREFIX)/share/breakglass
DOCDIR = $(PREFIX)/share/doc/breakglass
UNITDIR = $(PREFIX)/lib/systemd/system
# Where login shells look.
PROFILEDIR = $(if $(filter /usr,$(PREFIX)),,$(PREFIX))/etc/profile.d

MAKEFLAGS += --no-builtin-rules --no-builtin-variables
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.SUFFIXES:
.DEFAULT_GOAL := all

# A sanitizer build lives beside the plain one.
comma := ,
B := build$(if $(SANITIZE),/san-$(subst $(comma),-,$(SANITIZE)))

ifeq ($(origin CC),default)
CC := gcc
endif
ifeq ($(origin CC),undefined)
CC := gcc
endif
AR ?= ar
ifeq ($(origin AR),default)
AR := ar
endif
INSTALL ?= install

LIBS := libgit2 gpgme yaml-0.1 libcrypto sqlite3 jansson libassuan

# Asked for when the first compiler runs, not when this file is read: in
# `make setup demo` the packages come in between.
PKG_CFLAGS = $(eval PKG_CFLAGS := $$(shell pkg-config --cflags $(LIBS)))$(PKG_CFLAGS)
PKG_LIBS = $(eval PKG_LIBS := $$(shell pkg-config --libs $(LIBS)))$(PKG_LIBS)
CMOCKA_LIBS = $(eval CMOCKA_LIBS := $$(shell pkg-config --libs cmocka))$(CMOCKA_LIBS)

WARN := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes \
	-Wmissing-prototypes -Wwrite-strings -Wpointer-arith -Wvla \
	-Wformat=2 -Wundef
# What only clang warns about: va_list functions of ours, long constants in
# several lines.
ifneq ($(findstring clang,$(CC)),)
WARN += -Wno-format-nonliteral -Wno-string-concatenation
endif
ifdef SANITIZE
HARDEN := -fPIE
OPT := -O1 -g -fno-omit-frame-pointer -fsanitize=$(SANITIZE) \
	-fno-sanitize-recover=all
LINK_OPT := -pie -fsanitize=$(SANITIZE)
else
HARDEN := -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -fstack-protector-strong \
	-fstack-clash-protection -fPIE
OPT := -O2 -g
LINK_OPT := -pie -Wl,-z,relro,-z,now
endif
CFLAGS ?=
LDFLAGS ?=
BG_CPPFLAGS = -D_GNU_SOURCE -DBG_VERSION='"$(VERSION)"' -Ilib \
	-include base/banned.h
BG_CFLAGS = -std=gnu11 $(OPT) $(WARN) -fno-common $(HARDEN) $(PKG_CFLAGS) \
	-MMD -MP $(CFLAGS)
BG_LDFLAGS = $(LINK_OPT) -Wl,--as-needed -pthread $(LDFLAGS)

ifeq ($(V),)
Q := @
say = @printf '  %-5s %s\n' '$(1)' '$(2)';
else
Q :=
say =
endif

#
# What there is
#
LIB_SRC := $(sort $(wildcard lib/*/*.c))
CMD_SRC := $(sort $(wildcard cmd/*.c))
PROVIDER_SRC := $(sort $(wildcard cmd/providers/bg-provider-*.c))
UNIT_SRC := $(sort $(wildcard tests/unit/*.c))
TOOL_SRC := $(sort $(wildcard tests/tools/*.c))
FUZZ_SRC := $(sort $(wildcard tests/fuzz/*.c))
SUPPORT_SRC := $(sort $(wildcard tests/support/*.c))

LIB_OBJ := $(LIB_SRC:%.c=$B/obj/%.o)
CMD_OBJ := $(CMD_SRC:%.c=$B/obj/%.o)
TLIB_OBJ := $(LIB_SRC:%.c=$B/test/obj/%.o)
TCMD_OBJ := $(CMD_SRC:%.c=$B/test/obj/%.o)
SUPPORT_OBJ := $(SUPPORT_SRC:%.c=$B/test/obj/%.o)

PROVIDERS := $(PROVIDER_SRC:cmd/providers/%.c=$B/%)
TPROVIDERS := $(PROVIDER_SRC:cmd/providers/%.c=$B/test/%)
PROGRAMS := $(if $(filter cmd/main.c,$(CMD_SRC)),$B/bg $B/breakglass) \
	$(PROVIDERS)
TPROGRAMS := $(if $(filter cmd/main.c,$(CMD_SRC)),$B/test/bg) $(TPROVIDERS)
UNITS := $(UNIT_SRC:tests/unit/%.c=$B/test/unit/%)
TOOLS := $(TOOL_SRC:tests/tools/%.c=$B/test/tools/%)
FUZZERS := $(FUZZ_SRC:tests/fuzz/%.c=$B/test/fuzz/%)
TLIBS := $B/test/libsupport.a $B/test/libcmd.a $B/test/libbg.a

SCRIPT_TESTS := $(sort $(wildcard tests/cli/*.sh tests/attacks/*.sh \
	tests/decide/*.sh tests/lint/*.sh))

.PHONY: help setup all demo check check-asan check-valgrind lint format bench \
	completions install uninstall dist clean programs tests FORCE

help:
	@echo 'targets:'
	@echo '  setup           install every Debian package needed (root or sudo)'
	@echo '  all             build the programs (default)'
	@echo '  demo            play the whole lifecycle into $B/demo'
	@echo '  check           run all tests (TESTS="..." for some of them)'
	@echo '  check-asan      the same with address and undefined sanitizers'
	@echo '  check-valgrind  unit tests and some commands under valgrind'
	@echo '  lint            formatting, static analysis, manual pages, layers'
	@echo '  format          let clang-format rewrite the sources'
	@echo '  bench           measure what the documents claim'
	@echo '  completions     write completions/ from the option tables'
	@echo '  install         into PREFIX; uninstall takes it out again'
	@echo '  dist            a source archive of the last commit'
	@echo '  clean           remove build/'
	@echo 'variables: PREFIX=$(PREFIX) DESTDIR= SANITIZE=address,undefined V=1'

all: programs
programs: $B/libbg.a $(PROGRAMS)
tests: programs $(TPROGRAMS) $(UNITS) $(TOOLS) $(FUZZERS)

#
# Build
#
# Objects depend on the flags they were compiled with.
FLAGS_TEXT = $(CC) $(BG_CPPFLAGS) $(BG_CFLAGS) $(BG_LDFLAGS)
$B/flags: FORCE | $(filter setup,$(MAKECMDGOALS))
	@mkdir -p $(@D)
	@printf '%s\n' $(call quote,$(FLAGS_TEXT)) | cmp -s - $@ || \
		printf '%s\n' $(call quote,$(FLAGS_TEXT)) >$@
quote = '$(subst ','\'',$(1))'

$B/obj/cmd/% $B/test/obj/cmd/% $B/test/obj/tests/%: INC = -I. -Icmd -Itests
INC =

$B/obj/%.o: %.c $B/flags
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(BG_CPPFLAGS) $(INC) $(BG_CFLAGS) -c -o $@ $<

$B/test/obj/%.o: %.c $B/flags
	@mkdir -p $(@D)
	$(call say,CC,$< (test))
	$(Q)$(CC) $(BG_CPPFLAGS) -DBG_TEST $(INC) $(BG_CFLAGS) -c -o $@ $<

define archive
@mkdir -p $(@D)
@rm -f $@
$(call say,AR,$@)
$(Q)$(AR) qcsD $@ $(filter %.o,$^)
endef

# An archive also changes when a source file goes away.
$B/libbg.a: $(LIB_OBJ) $B/sources
	$(archive)
$B/test/libbg.a: $(TLIB_OBJ) $B/sources
	$(archive)
$B/test/libcmd.a: $(filter-out %/main.o,$(TCMD_OBJ)) $B/sources
	$(archive)
$B/test/libsupport.a: $(SUPPORT_OBJ) $B/sources
	$(archive)

$B/sources: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' $(LIB_SRC) $(CMD_SRC) $(SUPPORT_SRC) | cmp -s - $@ || \
		printf '%s\n' $(LIB_SRC) $(CMD_SRC) $(SUPPORT_SRC) >$@

# Linked into every program of a sanitizer build.
SAN_OBJ := $(if $(SANITIZE),$B/san.o)
$B/san.o: tests/san.c $B/flags
	@mkdir -p $(@D) $B/san-log
	$(Q)$(CC) -DBG_SAN_LOG='"$(abspath $B)/san-log"' -O1 -fPIE -c -o $@ $<
$(PROGRAMS) $(TPROGRAMS) $(UNITS) $(TOOLS) $(FUZZERS): $(SAN_OBJ)

define link
@mkdir -p $(@D)
$(call say,LD,$@)
$(Q)$(CC) $(BG_LDFLAGS) -o $@ $(filter %.o %.a,$^) $(PKG_LIBS)
endef
define link-test
@mkdir -p $(@D)
$(call say,LD,$@)
$(Q)$(CC) $(BG_LDFLAGS) -o $@ $(filter %.o,$^) $(TLIBS) $(PKG_LIBS) \
	$(CMOCKA_LIBS)
endef

$B/bg: $(CMD_OBJ) $B/libbg.a
	$(link)
$B/breakglass: $B/bg
	@ln -f $< $@
$B/test/bg: $(TCMD_OBJ) $B/test/libbg.a
	$(link)

$(PROVIDERS): $B/%: $B/obj/cmd/providers/%.o $B/libbg.a
	$(link)
$(TPROVIDERS): $B/test/%: $B/test/obj/cmd/providers/%.o $B/test/libbg.a
	$(link)
$(FUZZERS): $B/test/fuzz/%: $B/test/obj/tests/fuzz/%.o $(TLIBS)
	$(link-test)
$(UNITS): $B/test/unit/%: $B/test/obj/tests/unit/%.o $(TLIBS)
	$(link-test)
$(TOOLS): $B/test/tools/%: $B/test/obj/tests/tools/%.o $(TLIBS)
	$(link-test)

.SECONDARY:
ALL_OBJ := $(LIB_OBJ) $(CMD_OBJ) $(TLIB_OBJ) $(TCMD_OBJ) $(SUPPORT_OBJ) \
	$(PROVIDER_SRC:%.c=$B/obj/%.o) $(PROVIDER_SRC:%.c=$B/test/obj/%.o) \
	$(FUZZ_SRC:%.c=$B/test/obj/%.o) \
	$(UNIT_SRC:%.c=$B/test/obj/%.o) $(TOOL_SRC:%.c=$B/test/obj/%.o)
-include $(ALL_OBJ:.o=.d)

#
# Packages
#
setup:
	@missing=(); \
	for p in $(PACKAGES); do \
		dpkg-query -W -f '$${Status}\n' "$$p" 2>/dev/null | \
			grep -q '^install ok installed$$' || missing+=("$$p"); \
	done; \
	if [ $${#missing[@]} -eq 0 ]; then exit 0; fi; \
	echo "setup: installing $${missing[*]}"; \
	sudo=; [ "$$(id -u)" -eq 0 ] || sudo='sudo'; \
	$$sudo apt-get update -qq; \
	$$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
		--no-install-recommends "$${missing[@]}" >/dev/null

#
# Test
#
TESTS ?= $(SCRIPT_TESTS) $(UNITS) $(FUZZERS)
JOBS ?= $(shell nproc)

check: tests
	@BG_BUILD=$(abspath $B) tests/run -j $(JOBS) $(TESTS)

check-asan:
	@$(MAKE) --no-print-directory SANITIZE=address,undefined check

check-valgrind: tests
	@BG_BUILD=$(abspath $B) tests/valgrind

# make fuzz TARGET=json SECONDS=60: libFuzzer from the corpus of that target.
TARGET ?= record
SECONDS ?= 60
fuzz:
	@$(MAKE) --no-print-directory CC=clang fuzz-build \
		SANITIZE=fuzzer-no-link,address,undefined
	@mkdir -p build/fuzz/$(TARGET)
	build/fuzz/$(TARGET).fuzzer -max_total_time=$(SECONDS) -max_len=16384 \
		-artifact_prefix=build/fuzz/ build/fuzz/$(TARGET) \
		tests/fuzz/corpus/$(TARGET)
fuzz-build: $B/test/obj/tests/fuzz/$(TARGET).o $(TLIBS)
	@mkdir -p build/fuzz
	$(Q)clang $(BG_CFLAGS) -fsanitize=fuzzer $(BG_LDFLAGS) \
		-o build/fuzz/$(TARGET).fuzzer $(filter %.o,$^) $(TLIBS) $(PKG_LIBS)
.PHONY: fuzz fuzz-build

demo: programs
	@BG_BUILD=$(abspath $B) tests/demo.sh $B/demo

bench: programs tests
	@BG_BUILD=$(abspath $B) tests/bench.sh

#
# Lint
#
C_FILES = $(sort $(wildcard lib/*/*.[ch] cmd/*.[ch] cmd/providers/*.[ch] \
	tests/unit/*.[ch] tests/fuzz/*.c tests/tools/*.[ch] tests/support/*.[ch]))
TIDY_FILES = $(LIB_SRC) $(CMD_SRC) $(PROVIDER_SRC)
SHELL_FILES = $(sort $(SCRIPT_TESTS) $(wildcard .ci/run tests/*.sh \
	tests/valgrind tests/keys/make cmd/units/*.sh))
MAN_FILES = $(sort $(wildcard man/*.[1-9]))
LINT := format-check cppcheck tidy shellcheck mandoc lint-tests
.PHONY: $(LINT)

# In this order, so that the quick ones speak first.
lint: tests
	@for t in $(LINT); do \
		printf '  LINT  %s\n' $$t; \
		$(MAKE) --no-print-directory $$t || failed="$${failed-} $$t"; \
	done; \
	if [ -n "$${failed-}" ]; then echo "lint failed:$$failed"; exit 1; fi

# Files that are right keep their time.
format:
	$(Q)for f in $(C_FILES); do \
		clang-format "$$f" | cmp -s - "$$f" || \
			{ echo "$$f"; clang-format -i "$$f"; }; \
	done

format-check:
	$(Q)bad=0; for f in $(C_FILES); do \
		clang-format "$$f" | cmp -s - "$$f" || \
			{ echo "$$f: make format"; bad=1; }; \
	done; exit $$bad

cppcheck:
	$(Q)cppcheck -q -j $(JOBS) \
		--std=c11 --error-exitcode=1 --inline-suppr \
		--enable=warning,performance,portability \
		--suppressions-list=tests/lint/cppcheck.txt \
		--library=tests/lint/jansson.cfg -D_GNU_SOURCE -Ilib -I. \
		$(LIB_SRC) $(CMD_SRC) $(PROVIDER_SRC)

# The analyzer looks one call deep: ten times as fast, and most of what it says
# about deeper paths is wrong for want of the other files.
# A file that passed is looked at again only when it or a header changed.
TIDY_DONE = $(TIDY_FILES:%.c=$B/tidy/%.ok)
tidy:
	$(Q)$(MAKE) --no-print-directory -k -j $(JOBS) $(TIDY_DONE)
$B/tidy/%.ok: %.c .clang-tidy $(wildcard lib/*/*.h cmd/*.h)
	@mkdir -p $(@D)
	$(call say,TIDY,$<)
	$(Q)clang-tidy --quiet $< -- -std=gnu11 $(BG_CPPFLAGS) -I. \
		-Xclang -analyzer-config -Xclang mode=shallow $(PKG_CFLAGS) 2>$@.log || { cat $@.log; exit 1; }
	@touch $@

shellcheck:
	$(Q)shellcheck $(SHELL_FILES)

mandoc:
	$(Q)$(if $(MAN_FILES),mandoc -T lint -W warning $(MAN_FILES))

lint-tests: tests
	$(Q)BG_BUILD=$(abspath $B) tests/run -j $(JOBS) tests/lint/*.sh

#
# Install
#
completions: programs
	@mkdir -p completions
	$(Q)$B/bg completion bash >completions/bg.bash
	$(Q)$B/bg completion zsh >completions/_bg
	$(Q)$B/bg completion fish >completions/bg.fish

BASHDIR = $(PREFIX)/share/bash-completion/completions
ZSHDIR = $(PREFIX)/share/zsh/site-functions
FISHDIR = $(PREFIX)/share/fish/vendor_completions.d

# What goes where: SOURCE MODE TARGET.  Providers stand beside `bg`, which
# looks for them there.
INSTALLED = \
	$(foreach p,$B/bg $(PROVIDERS),$p:755:$(BINDIR)/$(notdir $p)) \
	$(foreach m,$(MAN_FILES),$m:644:$(MANDIR)/man$(subst .,,$(suffix $m))/$(notdir $m)) \
	$(foreach p,$(wildcard policies/*.yaml policies/*/*.yaml),$p:644:$(DATADIR)/$p) \
	$(foreach u,$(wildcard cmd/units/*.service cmd/units/*.timer),$u:644:$(UNITDIR)/$(notdir $u)) \
	$(foreach n,bg breakglass,$(wildcard completions/bg.bash):644:$(BASHDIR)/$n) \
	completions/_bg:644:$(ZSHDIR)/_bg \
	completions/bg.fish:644:$(FISHDIR)/bg.fish \
	completions/bg.fish:644:$(FISHDIR)/breakglass.fish \
	README.md:644:$(DOCDIR)/README.md \
	LICENSE:644:$(DOCDIR)/LICENSE

install: programs
	$(Q)for item in $(INSTALLED); do \
		IFS=: read -r from mode to <<<"$$item"; \
		[ -e "$$from" ] || continue; \
		$(INSTALL) -D -m "$$mode" "$$from" "$(DESTDIR)$$to"; \
	done
	$(Q)ln -f "$(DESTDIR)$(BINDIR)/bg" "$(DESTDIR)$(BINDIR)/breakglass"
	$(Q)[ ! -e man/bg.1 ] || \
		ln -sf bg.1 "$(DESTDIR)$(MANDIR)/man1/breakglass.1"
	$(Q)$(INSTALL) -d "$(DESTDIR)$(PROFILEDIR)"
	$(Q)printf '%s\n' '# bg is job control in every shell: send the rest on.' \
		'[ -z "$${BASH_VERSION-}" ] || eval "$$(breakglass shell-init bash)"' \
		>"$(DESTDIR)$(PROFILEDIR)/breakglass.sh"

uninstall:
	$(Q)for item in $(INSTALLED); do \
		rm -f "$(DESTDIR)$${item##*:}"; \
	done
	$(Q)rm -f "$(DESTDIR)$(BINDIR)/breakglass" \
		"$(DESTDIR)$(PROFILEDIR)/breakglass.sh" \
		"$(DESTDIR)$(MANDIR)/man1/breakglass.1"
	$(Q)rmdir -p --ignore-fail-on-non-empty \
		"$(DESTDIR)$(DATADIR)/policies/identities" \
		"$(DESTDIR)$(DOCDIR)" \
		2>/dev/null || :

dist:
	$(Q)mkdir -p $B
	$(Q)git archive --prefix=breakglass-$(VERSION)/ HEAD | \
		gzip -n -9 >$B/breakglass-$(VERSION).tar.gz
	@echo $B/breakglass-$(VERSION).tar.gz

clean:
	rm -rf build
