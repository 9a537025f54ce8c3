# cli: the command; one file for each subcommand
bin_PROGRAMS += allot
allot_SOURCES = \
	cli/main.c cli/command.h \
	cli/diff.c \
	cli/help.c cli/help.h \
	cli/info.c \
	cli/leaks.c \
	cli/open.c cli/open.h \
	cli/options.c cli/options.h \
	cli/progress.c cli/progress.h \
	cli/render.c cli/render.h \
	cli/report.c \
	cli/suggest.c cli/suggest.h \
	cli/terminal.c cli/terminal.h
allot_LDADD = libreport.la libsymbol.la libsnapshot.la libstore.la libcommon.la
