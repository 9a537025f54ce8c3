# The pkg-config file, and what helps to set up and to use allot without being part of it.
pkgconfig_DATA = allot.pc allot-object.pc allot-snapshot.pc

bashcompletiondir = $(datadir)/bash-completion/completions
dist_bashcompletion_DATA = contrib/completions/allot

EXTRA_DIST += contrib/quickstart contrib/count-tests

# For those who run allot in CI: templates to copy, and what their build systems find where it is installed.
aclocaldir = $(datadir)/aclocal
dist_aclocal_DATA = contrib/ci/allot.m4
allotdatadir = $(datadir)/allot
dist_allotdata_DATA = contrib/ci/AllotCheck.cmake
EXTRA_DIST += contrib/ci/github.yml contrib/ci/gitlab.yml
