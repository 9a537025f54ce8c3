# SPDX-License-Identifier: MIT
#[[
Tests for CTest that fail when the memory of a program grows.

    include(AllotCheck)   # with the folder of this file in CMAKE_MODULE_PATH
    allot_add_test(NAME words COMMAND words --selftest
        [BASELINE words.baseline.snap] [BUDGET allot-budget.json] [SUPPRESSIONS allot.supp...])

The test runs the program with `allot run`, prints the ten worst call sites, and fails if the program fails, or if
`allot check` does. BASELINE is a file to be kept between runs, as an artefact or in a cache: the first run writes it,
later ones are compared with it; remove it to begin anew. Relative names are in the build folder, those of BUDGET and
SUPPRESSIONS in the source folder. Without allot the test is skipped. No argument of COMMAND may hold
a semicolon. ALLOT_EXECUTABLE names another allot.
]]
if(CMAKE_SCRIPT_MODE_FILE STREQUAL CMAKE_CURRENT_LIST_FILE)
  # This is the test: cmake -D… -P AllotCheck.cmake
  if(NOT ALLOT)
    message("allot is not installed")
    return()
  endif()
  execute_process(COMMAND ${ALLOT} run --output ${SNAPSHOT} --top 10 -- ${PROGRAM} RESULT_VARIABLE status)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "the program failed: ${status}")
  endif()
  set(options)
  if(BASELINE AND EXISTS ${BASELINE})
    list(APPEND options --baseline ${BASELINE})
  elseif(BASELINE)
    get_filename_component(folder ${BASELINE} DIRECTORY)
    file(MAKE_DIRECTORY ${folder})
    list(APPEND options --keep ${BASELINE})
    if(NOT BUDGET)
      # The first run has nothing to be compared with.
      file(WRITE ${SNAPSHOT}.budget.json "{}")
      set(BUDGET ${SNAPSHOT}.budget.json)
    endif()
  endif()
  if(BUDGET)
    list(APPEND options --budget ${BUDGET})
  endif()
  foreach(file IN LISTS SUPPRESSIONS)
    list(APPEND options --suppressions ${file})
  endforeach()
  execute_process(COMMAND ${ALLOT} check ${options} ${SNAPSHOT} RESULT_VARIABLE status)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "allot check failed with status ${status}")
  endif()
  return()
endif()

find_program(ALLOT_EXECUTABLE allot)
set(ALLOT_CHECK_SCRIPT ${CMAKE_CURRENT_LIST_FILE})

function(allot_add_test)
  cmake_parse_arguments(PARSE_ARGV 0 allot "" "NAME;BASELINE;BUDGET" "COMMAND;SUPPRESSIONS")
  if(NOT allot_NAME OR NOT allot_COMMAND)
    message(FATAL_ERROR "allot_add_test needs NAME and COMMAND")
  endif()
  list(POP_FRONT allot_COMMAND program)
  if(TARGET ${program})
    set(program $<TARGET_FILE:${program}>)
  endif()
  set(definitions)
  if(allot_BASELINE)
    get_filename_component(baseline ${allot_BASELINE} ABSOLUTE BASE_DIR ${CMAKE_CURRENT_BINARY_DIR})
    list(APPEND definitions -DBASELINE=${baseline})
  endif()
  if(allot_BUDGET)
    get_filename_component(budget ${allot_BUDGET} ABSOLUTE)
    list(APPEND definitions -DBUDGET=${budget})
  endif()
  set(suppressions)
  foreach(file IN LISTS allot_SUPPRESSIONS)
    get_filename_component(file ${file} ABSOLUTE)
    list(APPEND suppressions ${file})
  endforeach()
  set(allot ${ALLOT_EXECUTABLE})
  if(NOT allot)
    set(allot "")
  endif()
  add_test(NAME ${allot_NAME}
    COMMAND ${CMAKE_COMMAND} -DALLOT=${allot} "-DPROGRAM=${program};${allot_COMMAND}"
      -DSNAPSHOT=${CMAKE_CURRENT_BINARY_DIR}/${allot_NAME}.snap ${definitions} "-DSUPPRESSIONS=${suppressions}"
      -P ${ALLOT_CHECK_SCRIPT})
  set_tests_properties(${allot_NAME} PROPERTIES SKIP_REGULAR_EXPRESSION "allot is not installed")
endfunction()
