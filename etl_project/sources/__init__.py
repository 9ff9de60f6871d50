"""Where captures come from other than files: services, asked only when somebody says so."""
