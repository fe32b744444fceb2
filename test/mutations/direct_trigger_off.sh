# A foreign key whose trigger is off is checked all the same
#: SUITES=regress REGRESS="install direct_stands_aside"
sed -i '/^triggers_are_plain(/,/^}/s/trigger->tgenabled != TRIGGER_FIRES_ON_ORIGIN ||/(false \&\& trigger->tgenabled != TRIGGER_FIRES_ON_ORIGIN) ||/' src/direct/direct_table.c
