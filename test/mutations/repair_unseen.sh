# m2m_repair deletes by a snapshot of before
#: SUITES=isolation ISOLATION=repair_newer
sed -i 's/m2m_sql_seen(finding->remedy)/m2m_sql(finding->remedy)/' src/check/repair.c
