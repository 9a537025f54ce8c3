# The pkg-config file, and what helps to set up and to use allot without being part of it.
pkgconfig_DATA = allot.pc allot-object.pc allot-snapshot.pc

bashcompletiondir = $(datadir)/bash-completion/completions
dist_bashcompletion_DATA = contrib/completions/allot

EXTRA_DIST += contrib/quickstart contrib/count-tests
