# Where there is no unique pair, links are looked for by the transaction's snapshot
#: SUITES=isolation ISOLATION=general_snapshot
sed -i '/^m2m_plan_run_latest/,/^}/s/m2m_latest_begin(plan)/false/' src/link/link_kept.c
