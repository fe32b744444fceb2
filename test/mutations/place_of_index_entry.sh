# A link to be deleted is looked for where the index entry points, not fetched
#: SUITES=regress REGRESS="install direct"
sed -i '/^m2m_direct_fetch_link/,/^}/{/if (!m2m_direct_fetch/,/RelationGetRelationName/d;s/m2m_place_from_number(\(.*\), &root);/m2m_place_from_number(\1, \&root); table->found->tts_tid = root;/}' src/direct/link_direct.c
