# Orphans are what a snapshot of before takes for such
#: SUITES=isolation ISOLATION=adopt_repair
sed -i 's/question->latest \&\& IsolationUsesXactSnapshot()/false \&\& IsolationUsesXactSnapshot()/' src/define/define_plan.c
sed -i 's/if (!IsolationUsesXactSnapshot())/if (true)/' src/define/define_repair.c
