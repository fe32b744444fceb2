# A row that is marked as deleted is no link to any call
#: SUITES=regress REGRESS="install soft_delete"
sed -i '/^m2m_append_live(/,/^}/s/rel->deleted != 0/false/' src/link/link_text_pieces.c
