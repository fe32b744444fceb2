# Keys kept till commit are not compared by another type's functions
#: SUITES=regress REGRESS="install rule_hostile"
sed -i '/^m2m_rule_pending_fits(/,/^}/s/return false;/return true;/' src/rule/rule_pending.c
