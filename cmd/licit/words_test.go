package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/simulate"
)

func TestStyle(t *testing.T) {
	require.Equal(t, "allowed", style{}.outcome(simulate.Allowed))
	require.Equal(t, "\x1b[1;32mallowed\x1b[0m", style{colour: true}.outcome(simulate.Allowed))
	require.Equal(t, "\x1b[1;31mexplicitDeny\x1b[0m", style{colour: true}.outcome(simulate.ExplicitDeny))
	require.Equal(t, "\x1b[1;33mdepends\x1b[0m", style{colour: true}.layer(simulate.Indeterminate))
}
