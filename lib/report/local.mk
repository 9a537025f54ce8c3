# lib/report
