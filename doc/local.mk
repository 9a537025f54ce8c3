# The manual pages.
dist_man_MANS = doc/allot.1
