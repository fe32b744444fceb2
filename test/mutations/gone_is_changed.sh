# A link that another session has unlinked by marking it is gone, not changed
#: SUITES=isolation ISOLATION=soft_revive
sed -i '/^was_updated(/,/^}/s/result && rel->deleted != 0/false/' src/link/link_identity.c
