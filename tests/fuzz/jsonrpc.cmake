if(TARGET ig::mcp)
  ig_fuzz(jsonrpc DEPS ig::mcp ig::token)
endif()
