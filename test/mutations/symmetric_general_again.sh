# The same by the general path
#: SUITES=isolation ISOLATION=symmetric_same
sed -i 's/} while (alone > 0);/} while (alone > 0 \&\& false);/' src/link/link_plan.c
