ig_fuzz(settings_yaml DEPS ig::settings)
