# tests/targets: one small program for each promise; plain binaries, so that what is traced is the program itself. Each is
# made of the source of its name.
EXTRA_DIST += tests/targets/target.h tests/targets/clear.h tests/targets/interrupt.h tests/targets/stepping.h tests/targets/cases.h tests/targets/shipped.h \
	tests/targets/budgets.h

check_PROGRAMS += \
	tests/targets/basic \
	tests/targets/budgets \
	tests/targets/budgets-check \
	tests/targets/charsets \
	tests/targets/churn \
	tests/targets/clearenv \
	tests/targets/coroutine \
	tests/targets/cross-free \
	tests/targets/count-signals \
	tests/targets/crowd \
	tests/targets/daemon \
	tests/targets/deep \
	tests/targets/deepbind \
	tests/targets/errno \
	tests/targets/estimate \
	tests/targets/fork \
	tests/targets/fork-exec \
	tests/targets/fork-handler \
	tests/targets/fork-stepped \
	tests/targets/fork-threads \
	tests/targets/free-sized \
	tests/targets/gap \
	tests/targets/growth \
	tests/targets/hoard \
	tests/targets/interrupted \
	tests/targets/jit \
	tests/targets/jump-out \
	tests/targets/kill-any \
	tests/targets/kill-threads \
	tests/targets/launcher \
	tests/targets/leave \
	tests/targets/limits \
	tests/targets/longjmp \
	tests/targets/memalign \
	tests/targets/mmap \
	tests/targets/own-malloc \
	tests/targets/peak \
	tests/targets/ping-pong \
	tests/targets/plugins \
	tests/targets/realloc \
	tests/targets/refill \
	tests/targets/regions \
	tests/targets/sampled-pool \
	tests/targets/self \
	tests/targets/shut-in \
	tests/targets/signal-stack \
	tests/targets/shipped \
	tests/targets/shipped-linked \
	tests/targets/shipped-loader \
	tests/targets/shipped-no-pie \
	tests/targets/shipped-static \
	tests/targets/spawn \
	tests/targets/stops \
	tests/targets/stress \
	tests/targets/temporary \
	tests/targets/thread-end \
	tests/targets/tidy \
	tests/targets/tracemalloc \
	tests/targets/twice \
	tests/targets/wait-signal \
	tests/targets/waiter

# With names that a program can find by itself.
tests_targets_budgets_LDFLAGS = -rdynamic
tests_targets_budgets_check_CPPFLAGS = $(AM_CPPFLAGS) $(CHECK_CFLAGS)
tests_targets_budgets_check_LDFLAGS = -rdynamic
tests_targets_budgets_check_LDADD = $(CHECK_LIBS)
tests_targets_gap_CFLAGS = $(AM_CFLAGS) -fomit-frame-pointer -fno-pie
tests_targets_gap_LDFLAGS = -no-pie -Wl,--section-start=.rodata=0x5000000
tests_targets_growth_CFLAGS = $(AM_CFLAGS) -g -pthread
tests_targets_launcher_LDFLAGS = -all-static
tests_targets_tracemalloc_CFLAGS = $(AM_CFLAGS) -fno-builtin -pthread

# One source in all kinds of programs. liballot.so is named by its file, so that the program is none of libtool's scripts.
tests_targets_shipped_linked_SOURCES = tests/targets/shipped.c
tests_targets_shipped_linked_LDFLAGS = -Wl,-rpath,$(abs_top_builddir)/.libs
tests_targets_shipped_linked_LDADD = .libs/liballot.so
tests_targets_shipped_linked_DEPENDENCIES = liballot.la
tests_targets_shipped_no_pie_SOURCES = tests/targets/shipped.c
tests_targets_shipped_no_pie_CFLAGS = $(AM_CFLAGS) -fno-pie
tests_targets_shipped_no_pie_LDFLAGS = -no-pie
tests_targets_shipped_static_SOURCES = tests/targets/shipped.c
tests_targets_shipped_static_LDFLAGS = -all-static

# What leaks must be told from, however it is compiled.
check_PROGRAMS += tests/targets/leak-O0 tests/targets/leak-O1 tests/targets/leak-O2
LEAK_SOURCES = \
	tests/targets/leak.c \
	tests/targets/leak.h \
	tests/targets/leak-ends.c \
	tests/targets/leak-memory.c \
	tests/targets/leak-shapes.c \
	tests/targets/leak-stacks.c
tests_targets_leak_O0_SOURCES = $(LEAK_SOURCES)
tests_targets_leak_O0_CFLAGS = $(AM_CFLAGS) -g -O0 -pthread
tests_targets_leak_O1_SOURCES = $(LEAK_SOURCES)
tests_targets_leak_O1_CFLAGS = $(AM_CFLAGS) -g -O1 -pthread
tests_targets_leak_O2_SOURCES = $(LEAK_SOURCES)
tests_targets_leak_O2_CFLAGS = $(AM_CFLAGS) -g -O2 -pthread
check_PROGRAMS += tests/targets/leak-known tests/targets/leak-known-exported
tests_targets_leak_known_CFLAGS = $(AM_CFLAGS) -g -O1
tests_targets_leak_known_exported_SOURCES = tests/targets/leak-known.c
tests_targets_leak_known_exported_CFLAGS = $(AM_CFLAGS) -g -O1 -fvisibility=default
tests_targets_leak_known_exported_LDFLAGS = -rdynamic
check_PROGRAMS += tests/targets/leak-while tests/targets/leak-api tests/targets/leak-stop \
	tests/targets/without-ptrace
# What is kept, and by which chain of pointers.
check_PROGRAMS += tests/targets/why
tests_targets_why_CFLAGS = $(AM_CFLAGS) -g -O1 -pthread
check_PROGRAMS += tests/targets/why-cxx
tests_targets_why_cxx_SOURCES = tests/targets/why-cxx.cc
tests_targets_why_cxx_CXXFLAGS = $(AM_CXXFLAGS) -g -O1
tests_targets_leak_api_CFLAGS = $(AM_CFLAGS) -g -O1
tests_targets_leak_stop_CFLAGS = $(AM_CFLAGS) -g -O1 -pthread
tests_targets_leak_while_CFLAGS = $(AM_CFLAGS) -g -O1 -pthread

# And those in C++.
check_PROGRAMS += \
	tests/targets/bad-alloc \
	tests/targets/budgets-cxx \
	tests/targets/containers \
	tests/targets/leak-cxx \
	tests/targets/mismatch \
	tests/targets/operators \
	tests/targets/own-new \
	tests/targets/shipped-cxx \
	tests/targets/stepped \
	tests/targets/thread-local \
	tests/targets/throw

tests_targets_budgets_cxx_SOURCES = tests/targets/budgets-cxx.cc
tests_targets_budgets_cxx_CXXFLAGS = $(AM_CXXFLAGS) -std=c++17
tests_targets_budgets_cxx_LDFLAGS = -rdynamic
tests_targets_bad_alloc_SOURCES = tests/targets/bad-alloc.cc
tests_targets_containers_SOURCES = tests/targets/containers.cc
tests_targets_leak_cxx_SOURCES = tests/targets/leak-cxx.cc
tests_targets_leak_cxx_CXXFLAGS = $(AM_CXXFLAGS) -std=gnu++17 -g -O1 -D_GLIBCXX_USE_CXX11_ABI=0
tests_targets_mismatch_SOURCES = tests/targets/mismatch.cc
tests_targets_operators_SOURCES = tests/targets/operators.cc
tests_targets_own_new_SOURCES = tests/targets/own-new.cc
tests_targets_shipped_cxx_SOURCES = tests/targets/shipped-cxx.cc
tests_targets_shipped_cxx_CXXFLAGS = $(AM_CXXFLAGS) -std=c++17 -pedantic
tests_targets_stepped_SOURCES = tests/targets/stepped.cc
tests_targets_thread_local_SOURCES = tests/targets/thread-local.cc
tests_targets_throw_SOURCES = tests/targets/throw.cc
tests_targets_bad_alloc_CXXFLAGS = $(AM_CXXFLAGS) -std=gnu++17
tests_targets_containers_CXXFLAGS = $(AM_CXXFLAGS) -std=gnu++17
tests_targets_operators_CXXFLAGS = $(AM_CXXFLAGS) -std=gnu++17

# Libraries that the programs load, or that are preloaded besides ours; convenience libraries cannot be loaded, hence the -rpath.
TARGET_MODULE = -module -avoid-version -shared -rpath /nowhere
check_LTLIBRARIES += \
	tests/targets/bump.la \
	tests/targets/by-name.la \
	tests/targets/leak-plugin.la \
	tests/targets/logger.la \
	tests/targets/plugin-a.la \
	tests/targets/plugin-b.la \
	tests/targets/shipped-plugin.la

tests_targets_bump_la_LDFLAGS = $(TARGET_MODULE)
tests_targets_by_name_la_CFLAGS = $(AM_CFLAGS) -fno-builtin
tests_targets_by_name_la_LDFLAGS = $(TARGET_MODULE)
tests_targets_leak_plugin_la_CFLAGS = $(AM_CFLAGS) -fvisibility=default
tests_targets_leak_plugin_la_LDFLAGS = $(TARGET_MODULE)
tests_targets_logger_la_LDFLAGS = $(TARGET_MODULE)
tests_targets_plugin_a_la_LDFLAGS = $(TARGET_MODULE)
tests_targets_plugin_b_la_LDFLAGS = $(TARGET_MODULE)
tests_targets_shipped_plugin_la_LDFLAGS = $(TARGET_MODULE)

# Three character sets of one shape, which libc loads by itself.
check_LTLIBRARIES += tests/targets/gconv-a.la tests/targets/gconv-b.la tests/targets/gconv-c.la
tests_targets_gconv_a_la_SOURCES = tests/targets/gconv.c
tests_targets_gconv_a_la_CPPFLAGS = $(AM_CPPFLAGS) -DSITE_NAME=gconv_a_1459 -DSITE_SIZE=1459
tests_targets_gconv_a_la_LDFLAGS = $(TARGET_MODULE)
tests_targets_gconv_b_la_SOURCES = tests/targets/gconv.c
tests_targets_gconv_b_la_CPPFLAGS = $(AM_CPPFLAGS) -DSITE_NAME=gconv_b_1471 -DSITE_SIZE=1471
tests_targets_gconv_b_la_LDFLAGS = $(TARGET_MODULE)
tests_targets_gconv_c_la_SOURCES = tests/targets/gconv.c
tests_targets_gconv_c_la_CPPFLAGS = $(AM_CPPFLAGS) -DSITE_NAME=gconv_c_1481 -DSITE_SIZE=1481
tests_targets_gconv_c_la_LDFLAGS = $(TARGET_MODULE)

# Uses the object library as an installed program would: the shared one.
check_PROGRAMS += tests/targets/document tests/targets/object-table tests/targets/objects
tests_targets_object_table_LDFLAGS = $(AM_LDFLAGS) -no-install -pthread
tests_targets_object_table_LDADD = liballot-object.la
tests_targets_document_LDFLAGS = $(AM_LDFLAGS) -no-install
tests_targets_document_LDADD = liballot-object.la
tests_targets_objects_LDFLAGS = $(AM_LDFLAGS) -no-install
tests_targets_objects_LDADD = liballot-object.la
