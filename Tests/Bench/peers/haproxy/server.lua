-- The work of the bench in HAProxy, as its users would: TCP services in Lua.
--
-- A service can wait for a number of bytes or for the end, so a request is 64 bytes, always.

local thanks = "thank you !"
local big = string.rep("x", 1048576)

core.register_service("close", "tcp", function(client)
  client:receive(64)
  client:send(thanks)
end)

local function answer_all(reply)
  return function(client)
    while true do
      local request = client:receive(64)
      if request == nil or #request < 64 then return end
      client:send(reply)
    end
  end
end

core.register_service("keep", "tcp", answer_all(thanks))
core.register_service("big", "tcp", answer_all(big))
