# A row of a link view is one link of its pair, and no other
#: SUITES=regress REGRESS="install identity"
sed -i '/^m2m_append_match_link/,/^}/s/^\tappend_match_identity/\tif (rel == NULL)\n\t\tappend_match_identity/' src/link/link_text_pieces.c
