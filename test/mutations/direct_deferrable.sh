# A deferred foreign key is checked at once
#: SUITES=regress REGRESS="install direct_stands_aside"
sed -i '/^triggers_are_plain(/,/^}/s/trigger->tgdeferrable/(false \&\& trigger->tgdeferrable)/' src/direct/direct_table.c
sed -i '/^describe_key(/,/^}/s/!form->condeferrable/(true || !form->condeferrable)/' src/direct/direct_table.c
