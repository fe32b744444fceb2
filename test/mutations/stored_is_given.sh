# What ON CONFLICT has passed over may be for another link than was given
#: SUITES=regress REGRESS="install identity_stored"
sed -i '/^m2m_identity_link/,/^}/s/if (!made \&\& on_conflict \&\&/if (false \&\&/' src/link/link_identity.c
