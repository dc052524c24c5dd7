package fakeaws

import (
	"maps"
	"slices"
)

// Operations are those that the server serves, as "service:Operation".
func (s *Server) Operations() []string { return slices.Sorted(maps.Keys(s.ops)) }
