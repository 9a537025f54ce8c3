# cli: the command; one file for each subcommand
bin_PROGRAMS += allot
allot_SOURCES = \
	cli/main.c cli/command.h \
	cli/attach.c cli/attach.h \
	cli/children.c cli/children.h \
	cli/check.c \
	cli/cycles.c \
	cli/diff.c \
	cli/doctor.c \
	cli/filters.c cli/filters.h \
	cli/foresight.c cli/foresight.h \
	cli/growth.c cli/growth.h \
	cli/help.c cli/help.h \
	cli/info.c \
	cli/kept.c cli/kept.h \
	cli/launch.c cli/launch.h \
	cli/leak-options.c cli/leak-options.h \
	cli/leaks.c \
	cli/library.c cli/library.h \
	cli/object-input.c cli/object-input.h \
	cli/objects.c \
	cli/options.c cli/options.h \
	cli/outcome.c cli/outcome.h \
	cli/pace.c cli/pace.h \
	cli/progress.c cli/progress.h \
	cli/refusals.c cli/refusals.h \
	cli/render.c cli/render.h \
	cli/report.c \
	cli/rescue.c cli/rescue.h \
	cli/run.c \
	cli/saver.c cli/saver.h \
	cli/snapshot.c \
	cli/stack.c cli/stack.h \
	cli/suggest.c cli/suggest.h \
	cli/symbolize.c \
	cli/terminal.c cli/terminal.h \
	cli/tracees.c cli/tracees.h \
	cli/witness.c cli/witness.h
allot_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS) -DALLOT_LIBDIR='"$(libdir)"'
allot_LDADD = libleaks.la libobjects.la libgate.la libscan.la $(LIBRARY_PARTS) -lpthread
