if(TARGET ig::oauth)
  ig_fuzz(jwt DEPS ig::oauth ig::token)
  ig_fuzz(dpop DEPS ig::oauth ig::token)
endif()
