if(TARGET ig::mcp)
  ig_fuzz(jsonrpc DEPS ig::mcp ig::token)
  ig_fuzz(message_flow DEPS ig::mcp ig::token)
endif()
