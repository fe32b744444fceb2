# m2m_symmetric makes rows of links that a snapshot of before shows
#: SUITES=isolation ISOLATION=symmetric_newer
sed -i 's/read_only = m2m_latest_begin(plan);/read_only = false;/; s/m2m_latest_write(plan, NULL, false)/SPI_execute_plan(plan, NULL, NULL, false, 0)/' src/define/define_symmetric.c
