# What a policy hides is taken for what is not there
#: SUITES=regress REGRESS="install adopt_repair"
sed -i '/^m2m_repair_run/,/^}/s/== RLS_ENABLED/== -1/' src/define/define_repair.c
