package sar_test

import (
	"os"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/internal/sar"
)

func embeddedBody(t *testing.T) *sar.Body {
	t.Helper()
	src, err := os.ReadFile("../../policy/serviceref/data/services.bin")
	require.NoError(t, err)
	h, err := sar.DecodeHead(string(src))
	require.NoError(t, err)
	b, err := h.Body()
	require.NoError(t, err)
	return b
}

// Services are read when they are asked for, whoever asks first, and neighbours of theirs
// with them but not all.
func TestLoad(t *testing.T) {
	t.Parallel()
	b := embeddedBody(t)
	b.Load(0)
	require.NotEmpty(t, b.Actions[0].Name)
	require.Empty(t, b.Actions[len(b.Actions)-1].Name)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for i := range b.Services {
				b.Load(i)
				for _, a := range b.Actions[b.Services[i].Actions:b.Services[i].ActionsAfter] {
					if int(a.Service) != i {
						t.Errorf("%s is of service %d, want %d", a.Name, a.Service, i)
					}
				}
			}
		})
	}
	all.Wait()
	require.NoError(t, b.Check())
}

// An action is found by its index before anything of its service was read.
func TestActionByIndex(t *testing.T) {
	t.Parallel()
	b := embeddedBody(t)
	last := uint32(len(b.Actions) - 1)
	require.Equal(t, len(b.Services)-1, int(b.Action(last).Service))
	require.Zero(t, b.Action(0).Service)
}
