# Unlinking marks the row where rows are marked instead of deleted
#: SUITES=regress REGRESS="install soft_delete"
sed -i '/^m2m_\(append\|begin\)_removal(/,/^}/s/rel->deleted != 0/false/' src/link/link_text_pieces.c
