# SPDX-License-Identifier: MIT
# Collects what is missing, so that configure can name all of it, and the packages that have it, in one message.

# ALLOT_MISSING(WHAT, DEBIAN-PACKAGE): notes that WHAT was not found.
AC_DEFUN([ALLOT_MISSING], [
allot_missing="$allot_missing
  m4_format([%-28s], [$1]) Debian package $2"
AS_CASE([" $allot_packages "], [*" $2 "*], [], [allot_packages="$allot_packages $2"])
])

# ALLOT_NEED_MODULE(VARIABLE, PKG-CONFIG-MODULE, DEBIAN-PACKAGE): sets VARIABLE_CFLAGS and VARIABLE_LIBS.
AC_DEFUN([ALLOT_NEED_MODULE], [
PKG_CHECK_MODULES([$1], [$2], [], [ALLOT_MISSING([$2], [$3])])
])

# ALLOT_NEED_LIBRARY(VARIABLE, HEADER, LIBRARY, FUNCTION, DEBIAN-PACKAGE): for libraries without a pkg-config file.
AC_DEFUN([ALLOT_NEED_LIBRARY], [
AC_SUBST([$1_LIBS])
AC_CHECK_HEADER([$2],
  [AC_CHECK_LIB([$3], [$4], [$1_LIBS=-l$3], [ALLOT_MISSING([lib$3], [$5])])],
  [ALLOT_MISSING([$2], [$5])])
])

# ALLOT_NEED_END: stops if anything was missing.
AC_DEFUN([ALLOT_NEED_END], [
AS_IF([test -n "$allot_missing"], [AC_MSG_ERROR([missing:
$allot_missing

On Debian or Ubuntu: apt-get install$allot_packages])])
])
