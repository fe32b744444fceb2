# What triggers unlink while rules are put right at commit is looked at again
#: SUITES=regress REGRESS="install rule_commit"
sed -i 's/now = take(kinds\[k\]);/now = k == 0 \&\& total > 0 ? NIL : take(kinds[k]);/;s/if (total++ == ROUNDS)/if (now == NIL)\n\t\t\treturn;\n\t\tif (total++ == ROUNDS)/' src/rule/rule_pending.c
