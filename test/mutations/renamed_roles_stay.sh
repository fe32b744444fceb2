# m2m_rename leaves the roles in one of the two triggers
#: SUITES=regress REGRESS="install rename"
sed -i '/^m2m_view_renamed/,/^}/s/if (changed)/if (changed \&\& near == M2M_RIGHT)/' src/view/view_rename.c
