# Orphans are what a snapshot of before takes for such
#: SUITES=isolation ISOLATION=adopt_repair
sed -i 's/m2m_latest_row(question->sql);/(void) SPI_execute(question->sql, false, 1);/' src/define/define_plan.c
sed -i 's/m2m_sql_seen(step->sql)/m2m_sql(step->sql)/' src/define/define_repair.c
