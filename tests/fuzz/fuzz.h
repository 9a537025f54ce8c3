/* SPDX-License-Identifier: MIT */
/*
 * What a fuzz target has: the entry that libFuzzer calls, and what driver.c needs to do without libFuzzer. A target
 * calls abort() when something that must hold does not; anything else that ends the process is a find, too.
 */
#ifndef ALLOT_TESTS_FUZZ_H
#define ALLOT_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* Runs one input. Returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The folder in tests/fuzz/corpus with the target's kept inputs. */
extern const char fuzz_corpus[];

/* How many mutations take about a second. */
extern const unsigned long fuzz_mutations;

/* Input number n of those that the target makes up itself, malloc'ed, or NULL if there are no more. */
uint8_t *fuzz_seed(unsigned int n, size_t *size);

#endif
