# Two link a pair, and no index keeps it unique
#: SUITES=isolation ISOLATION="general_locks"
sed -i '/^lock_if_needed(/,/^}/s/if (!rel->unique)/if (false)/' src/link/link_plan.c
