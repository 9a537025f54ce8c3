# The unit tests of lib/symbol, and the files they look names up in.
# The parts of lib/symbol that need no file.
check_PROGRAMS += tests/unit/test-symbol-parts
TESTS += tests/unit/test-symbol-parts
tests_unit_test_symbol_parts_SOURCES = tests/unit/test-symbol-parts.c tests/unit/unit.h
tests_unit_test_symbol_parts_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_symbol_parts_LDADD = libsymbol.la libsnapshot.la libcommon.la $(UNIT_LIBS)

# Where separate debug files are looked for.
check_PROGRAMS += tests/unit/test-symbol-debug-file
TESTS += tests/unit/test-symbol-debug-file
tests_unit_test_symbol_debug_file_SOURCES = tests/unit/test-symbol-debug-file.c tests/unit/unit.h
tests_unit_test_symbol_debug_file_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_symbol_debug_file_LDADD = libsymbol.la libsnapshot.la libcommon.la $(UNIT_LIBS)

# The resolver, on small libraries whose functions and lines are known. One source, in all the states a file is met in.
check_PROGRAMS += tests/unit/test-symbol
TESTS += tests/unit/test-symbol
tests_unit_test_symbol_SOURCES = tests/unit/test-symbol.c tests/unit/unit.h tests/unit/fixtures/frames.h
tests_unit_test_symbol_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_symbol_LDADD = libsymbol.la libsnapshot.la libcommon.la $(UNIT_LIBS)

frames_dir = tests/unit/fixtures
frames_c = $(top_srcdir)/tests/unit/fixtures/frames.c
frames_build_id = a110700000000000000000000000000000000001
FRAMES_OBJECT = $(AM_V_GEN)$(MKDIR_P) $(frames_dir) && $(CC) -std=gnu11 -O2 -fPIC
FRAMES_COMPILE = $(FRAMES_OBJECT) -shared
FRAMES = \
	$(frames_dir)/frames.so \
	$(frames_dir)/frames-dwarf4.so \
	$(frames_dir)/frames-split.so \
	$(frames_dir)/frames-table.so \
	$(frames_dir)/frames-stripped.so \
	$(frames_dir)/frames-mini.so \
	$(frames_dir)/frames-link.so \
	$(frames_dir)/frames-link.debug \
	$(frames_dir)/frames-rebuilt.so \
	$(frames_dir)/frames-unnumbered.so \
	$(frames_dir)/frames-nameless.so \
	$(frames_dir)/frames-cxx.so \
	$(frames_dir)/liballot.so.0 \
	$(frames_dir)/debug/.build-id/a1/10700000000000000000000000000000000001.debug \
	$(frames_dir)/server/buildid/$(frames_build_id)/debuginfo \
	$(frames_dir)/server/buildid/$(frames_build_id)/executable
check_DATA = $(FRAMES)
EXTRA_DIST += tests/unit/fixtures/frames.c tests/unit/fixtures/frames.cc
CLEANFILES += $(FRAMES) $(frames_dir)/frames-split.o $(frames_dir)/frames-split.dwo $(frames_dir)/frames-mini.xz

$(frames_dir)/frames.so: $(frames_dir)/frames.c $(frames_dir)/frames.h
	$(FRAMES_COMPILE) -g -Wl,--build-id=0x$(frames_build_id) -o $@ $(frames_c)
$(frames_dir)/frames-dwarf4.so: $(frames_dir)/frames.c $(frames_dir)/frames.h
	$(FRAMES_COMPILE) -gdwarf-4 -Wl,--build-id=0x$(frames_build_id) -o $@ $(frames_c)
$(frames_dir)/frames-split.so: $(frames_dir)/frames.c $(frames_dir)/frames.h
	$(FRAMES_OBJECT) -g -gsplit-dwarf -c -o $(frames_dir)/frames-split.o $(frames_c)
	$(AM_V_at)$(CC) -shared -Wl,--build-id=0x$(frames_build_id) -o $@ $(frames_dir)/frames-split.o
$(frames_dir)/frames-rebuilt.so: $(frames_dir)/frames.c $(frames_dir)/frames.h
	$(FRAMES_COMPILE) -g -Wl,--build-id=0xa110700000000000000000000000000000000002 -o $@ $(frames_c)
$(frames_dir)/frames-unnumbered.so: $(frames_dir)/frames.c $(frames_dir)/frames.h
	$(FRAMES_COMPILE) -g -Wl,--build-id=none -o $@ $(frames_c)
$(frames_dir)/frames-nameless.so: $(frames_dir)/frames.c $(frames_dir)/frames.h
	$(FRAMES_COMPILE) -fvisibility=hidden -s -Wl,--build-id=0x$(frames_build_id) -o $@ $(frames_c)
$(frames_dir)/frames-cxx.so: $(frames_dir)/frames.cc $(frames_dir)/frames.h
	$(AM_V_GEN)$(MKDIR_P) $(frames_dir) && $(CXX) -O2 -g -fPIC -shared \
		-Wl,--build-id=0x$(frames_build_id) -o $@ $(top_srcdir)/tests/unit/fixtures/frames.cc
$(frames_dir)/liballot.so.0: $(frames_dir)/frames.so
	$(AM_V_GEN)cp $(frames_dir)/frames.so $@
$(frames_dir)/frames-table.so: $(frames_dir)/frames.so
	$(AM_V_GEN)$(STRIP) --strip-debug -o $@ $(frames_dir)/frames.so
$(frames_dir)/frames-stripped.so: $(frames_dir)/frames.so
	$(AM_V_GEN)$(STRIP) -o $@ $(frames_dir)/frames.so
# The symbol table packed into .gnu_debugdata, as Fedora does it. Without xz the file lacks it, and the test says so.
$(frames_dir)/frames-mini.so: $(frames_dir)/frames-table.so $(frames_dir)/frames-stripped.so
	$(AM_V_GEN)if xz -c $(frames_dir)/frames-table.so >$(frames_dir)/frames-mini.xz; then \
		$(OBJCOPY) --add-section .gnu_debugdata=$(frames_dir)/frames-mini.xz $(frames_dir)/frames-stripped.so $@; \
	else \
		cp $(frames_dir)/frames-stripped.so $@; \
	fi
$(frames_dir)/frames-link.debug: $(frames_dir)/frames.so
	$(AM_V_GEN)$(OBJCOPY) --only-keep-debug $(frames_dir)/frames.so $@
$(frames_dir)/frames-link.so: $(frames_dir)/frames-stripped.so $(frames_dir)/frames-link.debug
	$(AM_V_GEN)$(OBJCOPY) --add-gnu-debuglink=$(frames_dir)/frames-link.debug $(frames_dir)/frames-stripped.so $@
$(frames_dir)/debug/.build-id/a1/10700000000000000000000000000000000001.debug: $(frames_dir)/frames-link.debug
	$(AM_V_GEN)$(MKDIR_P) $(@D) && cp $(frames_dir)/frames-link.debug $@
$(frames_dir)/server/buildid/$(frames_build_id)/debuginfo: $(frames_dir)/frames-link.debug
	$(AM_V_GEN)$(MKDIR_P) $(@D) && cp $(frames_dir)/frames-link.debug $@
$(frames_dir)/server/buildid/$(frames_build_id)/executable: $(frames_dir)/frames-stripped.so
	$(AM_V_GEN)$(MKDIR_P) $(@D) && cp $(frames_dir)/frames-stripped.so $@

# How a command becomes a file, and a script its interpreter. What is judged of the file is tests/e2e/doctor.test's.
check_PROGRAMS += tests/unit/test-program
TESTS += tests/unit/test-program
tests_unit_test_program_SOURCES = tests/unit/test-program.c tests/unit/unit.h
tests_unit_test_program_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_program_LDADD = libsymbol.la libsnapshot.la libcommon.la $(UNIT_LIBS)
