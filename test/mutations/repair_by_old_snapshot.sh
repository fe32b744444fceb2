# Orphans are what a snapshot of before takes for such
#: SUITES=isolation ISOLATION=adopt_repair
sed -i 's/read_only = m2m_latest_begin(plan);/read_only = false;/' src/define/define_plan.c
sed -i 's/m2m_sql_seen(step->sql)/m2m_sql(step->sql)/' src/define/define_repair.c
