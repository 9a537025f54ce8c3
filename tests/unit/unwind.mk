# The tests of lib/unwind. The shapes of frames are compiled with options of their own each, which must come last.
UNWIND_SHAPES = o0 o2 os pointer no_pointer
UNWIND_SHAPES_o0 = -O0
UNWIND_SHAPES_o2 = -O2
UNWIND_SHAPES_os = -Os
UNWIND_SHAPES_pointer = -O2 -fno-omit-frame-pointer
UNWIND_SHAPES_no_pointer = -O1 -fomit-frame-pointer
UNWIND_SHAPES_OBJECTS = $(UNWIND_SHAPES:%=tests/unit/unwind-shapes-%.$(OBJEXT))
UNWIND_HOOK = tests/unit/unwind-hook.c tests/unit/unwind-hook.h tests/unit/unit.h
UNWIND_TOUR = tests/unit/unwind-tour.c tests/unit/unwind-tour.h
UNWIND_CPPFLAGS = $(UNIT_CPPFLAGS) -I$(top_srcdir)/tests/unit
UNWIND_LIBS = libunwinding.la libloaded.la libcommon.la $(UNIT_LIBS)

tests/unit/unwind-shapes-%.$(OBJEXT): $(top_srcdir)/tests/unit/unwind-shapes.c $(top_srcdir)/tests/unit/unwind-tour.h
	$(AM_V_CC)$(MKDIR_P) tests/unit && $(CC) $(DEFS) $(DEFAULT_INCLUDES) $(AM_CPPFLAGS) $(CPPFLAGS) $(AM_CFLAGS) $(CFLAGS) \
		$(UNWIND_SHAPES_$*) -DSHAPES=shapes_$* -c -o $@ $<

EXTRA_DIST += tests/unit/unwind-shapes.c tests/unit/unwind-asm-x86_64.S tests/unit/unwind-asm-aarch64.S
CLEANFILES += $(UNWIND_SHAPES_OBJECTS)

if !UNWIND_GENERIC
UNWIND_TESTS = tests/unit/test-unwind-cfi tests/unit/test-unwind-code tests/unit/test-unwind-damage \
	tests/unit/test-unwind-expression \
	tests/unit/test-unwind-loaded tests/unit/test-unwind-rules tests/unit/test-unwind-tour tests/unit/test-unwind-walk
check_PROGRAMS += $(UNWIND_TESTS)
TESTS += $(UNWIND_TESTS)

tests_unit_test_unwind_cfi_SOURCES = tests/unit/test-unwind-cfi.c tests/unit/unit.h
tests_unit_test_unwind_cfi_CPPFLAGS = $(UNWIND_CPPFLAGS)
tests_unit_test_unwind_cfi_LDADD = $(UNWIND_LIBS)

tests_unit_test_unwind_code_SOURCES = tests/unit/test-unwind-code.c tests/unit/unit.h
tests_unit_test_unwind_code_CPPFLAGS = $(UNWIND_CPPFLAGS)
tests_unit_test_unwind_code_LDADD = $(UNWIND_LIBS)

tests_unit_test_unwind_damage_SOURCES = tests/unit/test-unwind-damage.c tests/unit/unit.h
tests_unit_test_unwind_damage_CPPFLAGS = $(UNWIND_CPPFLAGS)
tests_unit_test_unwind_damage_LDADD = $(UNWIND_LIBS)

tests_unit_test_unwind_expression_SOURCES = tests/unit/test-unwind-expression.c tests/unit/unit.h
tests_unit_test_unwind_expression_CPPFLAGS = $(UNWIND_CPPFLAGS)
tests_unit_test_unwind_expression_LDADD = $(UNWIND_LIBS)

tests_unit_test_unwind_loaded_SOURCES = tests/unit/test-unwind-loaded.c $(UNWIND_HOOK)
tests_unit_test_unwind_loaded_CPPFLAGS = $(UNWIND_CPPFLAGS)
tests_unit_test_unwind_loaded_CFLAGS = $(AM_CFLAGS) -pthread
tests_unit_test_unwind_loaded_LDADD = libunwinding.la libloaded-maps.la libcommon.la $(UNIT_LIBS) -lpthread
tests_unit_test_unwind_loaded_DEPENDENCIES = unwind-plugin-a.la unwind-plugin-b.la libunwinding.la libloaded-maps.la libcommon.la

tests_unit_test_unwind_rules_SOURCES = tests/unit/test-unwind-rules.c tests/unit/unit.h
tests_unit_test_unwind_rules_CPPFLAGS = $(UNWIND_CPPFLAGS)
tests_unit_test_unwind_rules_CFLAGS = $(AM_CFLAGS) -pthread
tests_unit_test_unwind_rules_LDADD = $(UNWIND_LIBS) -lpthread

tests_unit_test_unwind_tour_SOURCES = tests/unit/test-unwind-tour.c tests/unit/unwind-shapes-cxx.cc $(UNWIND_HOOK) \
	$(UNWIND_TOUR)
tests_unit_test_unwind_tour_CPPFLAGS = $(UNWIND_CPPFLAGS)
tests_unit_test_unwind_tour_CFLAGS = $(AM_CFLAGS) -pthread
tests_unit_test_unwind_tour_LDADD = $(UNWIND_SHAPES_OBJECTS) $(UNWIND_LIBS) -lpthread
tests_unit_test_unwind_tour_DEPENDENCIES = $(UNWIND_SHAPES_OBJECTS) libunwinding.la libloaded.la libcommon.la

tests_unit_test_unwind_walk_SOURCES = tests/unit/test-unwind-walk.c $(UNWIND_HOOK)
if UNWIND_X86_64
tests_unit_test_unwind_walk_SOURCES += tests/unit/unwind-asm-x86_64.S
endif
if UNWIND_AARCH64
tests_unit_test_unwind_walk_SOURCES += tests/unit/unwind-asm-aarch64.S
endif
tests_unit_test_unwind_walk_CPPFLAGS = $(UNWIND_CPPFLAGS)
tests_unit_test_unwind_walk_CFLAGS = $(AM_CFLAGS) -pthread
tests_unit_test_unwind_walk_LDADD = $(UNWIND_LIBS) -ldl -lpthread
tests_unit_test_unwind_walk_DEPENDENCIES = unwind-plugin-a.la unwind-plugin-b.la libunwinding.la libloaded.la libcommon.la

check_LTLIBRARIES += unwind-plugin-a.la unwind-plugin-b.la
unwind_plugin_a_la_SOURCES = tests/unit/unwind-plugin.c tests/unit/unwind-plugin.h
unwind_plugin_a_la_CPPFLAGS = $(AM_CPPFLAGS) -DPLUGIN_FRAME=100
unwind_plugin_a_la_LDFLAGS = -module -avoid-version -shared -rpath /nowhere
unwind_plugin_b_la_SOURCES = tests/unit/unwind-plugin.c tests/unit/unwind-plugin.h
unwind_plugin_b_la_CPPFLAGS = $(AM_CPPFLAGS) -DPLUGIN_FRAME=1000
unwind_plugin_b_la_LDFLAGS = -module -avoid-version -shared -rpath /nowhere
endif

if UNWIND_X86_64
check_PROGRAMS += tests/unit/test-unwind-instructions
TESTS += tests/unit/test-unwind-instructions
tests_unit_test_unwind_instructions_SOURCES = tests/unit/test-unwind-instructions.c tests/unit/unit.h
tests_unit_test_unwind_instructions_CPPFLAGS = $(UNWIND_CPPFLAGS)
tests_unit_test_unwind_instructions_LDADD = $(UNWIND_LIBS)
endif

# Sanitizers want a program that can lie anywhere.
if !UNWIND_GENERIC
if !SANITIZE
check_PROGRAMS += tests/unit/test-unwind-object
TESTS += tests/unit/test-unwind-object
tests_unit_test_unwind_object_SOURCES = tests/unit/test-unwind-object.c tests/unit/unit.h
tests_unit_test_unwind_object_CPPFLAGS = $(UNWIND_CPPFLAGS)
tests_unit_test_unwind_object_CFLAGS = $(AM_CFLAGS) -fno-pie
tests_unit_test_unwind_object_LDFLAGS = $(AM_LDFLAGS) -no-pie
tests_unit_test_unwind_object_LDADD = $(UNWIND_LIBS) -ldl
endif
endif

# A sanitizer's signal handling is in the way of stepping.
if UNWIND_X86_64
if !SANITIZE
check_PROGRAMS += tests/unit/test-unwind-steps
TESTS += tests/unit/test-unwind-steps
tests_unit_test_unwind_steps_SOURCES = tests/unit/test-unwind-steps.c $(UNWIND_HOOK) $(UNWIND_TOUR)
tests_unit_test_unwind_steps_CPPFLAGS = $(UNWIND_CPPFLAGS)
tests_unit_test_unwind_steps_LDADD = $(UNWIND_SHAPES_OBJECTS) $(UNWIND_LIBS) -lpthread
tests_unit_test_unwind_steps_DEPENDENCIES = $(UNWIND_SHAPES_OBJECTS) libunwinding.la libloaded.la libcommon.la
endif
endif
