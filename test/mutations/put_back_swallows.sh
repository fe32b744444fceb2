# Whatever fails while link views are put back is a warning
#: SUITES="regress isolation" REGRESS="install put_back" ISOLATION=ddl_lock_timeout
sed -i '/^is_in_the_way(int/,/^}/s/return false;/return true;/' src/ddl.c
