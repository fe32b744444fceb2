# Rows wait beside triggers of a user's on the view
#: SUITES=regress REGRESS="install view_batch"
sed -i '/^only_our_triggers(/,/^}/s/if (trigger->tgfoid != function)/if (false \&\& trigger->tgfoid != function)/' src/view/view_batch.c
