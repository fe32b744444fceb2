# An old row becomes the link again in one step, whoever unlinks it meanwhile
#: SUITES=isolation ISOLATION=soft_revive
sed -i '/^append_conflict_action(/,/^}/s/rel->deleted == 0 || !rel->revives/true/' src/link/link_text_pieces.c
