/*
 * Calls that do not compile.  Included before every source file by the
 * Makefile (-include base/banned.h), after the headers that declare them.
 *
 * Unbounded copies and prints, hidden state, local time, shells, races.
 */
#ifndef BG_BASE_BANNED_H
#define BG_BASE_BANNED_H

#include <alloca.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define BG_BANNED(f) use_of_##f##_is_banned_see_lib_base_banned_h

#undef strcpy
#define strcpy(...) BG_BANNED(strcpy)
#undef stpcpy
#define stpcpy(...) BG_BANNED(stpcpy)
#undef strcat
#define strcat(...) BG_BANNED(strcat)
#undef strncpy
#define strncpy(...) BG_BANNED(strncpy)
#undef strncat
#define strncat(...) BG_BANNED(strncat)
#undef sprintf
#define sprintf(...) BG_BANNED(sprintf)
#undef vsprintf
#define vsprintf(...) BG_BANNED(vsprintf)
#undef strtok
#define strtok(...) BG_BANNED(strtok)
#undef gets
#define gets(...) BG_BANNED(gets)
#undef localtime
#define localtime(...) BG_BANNED(localtime)
#undef gmtime
#define gmtime(...) BG_BANNED(gmtime)
#undef ctime
#define ctime(...) BG_BANNED(ctime)
#undef ctime_r
#define ctime_r(...) BG_BANNED(ctime_r)
#undef asctime
#define asctime(...) BG_BANNED(asctime)
#undef asctime_r
#define asctime_r(...) BG_BANNED(asctime_r)
#undef system
#define system(...) BG_BANNED(system)
#undef popen
#define popen(...) BG_BANNED(popen)
#undef mktemp
#define mktemp(...) BG_BANNED(mktemp)
#undef tmpnam
#define tmpnam(...) BG_BANNED(tmpnam)
#undef alloca
#define alloca(...) BG_BANNED(alloca)

#endif
