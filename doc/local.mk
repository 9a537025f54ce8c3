# The manual pages, and the schema of budgets for editors.
dist_man_MANS = \
	doc/allot-budget.5 \
	doc/allot-check.3 \
	doc/allot-leaks.3 \
	doc/allot-object.3 \
	doc/allot-snapshot.3 \
	doc/allot-trace.3 \
	doc/allot.1
dist_allotdata_DATA += doc/budget.schema.json
