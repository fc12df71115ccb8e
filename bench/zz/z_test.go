package zz
import ("testing";"context";"log/slog";"io";"path/filepath";"aditus/internal/app";"aditus/internal/keys";"aditus/internal/policy";"aditus/funds";"aditus/internal/texts";"aditus/internal/web/assets";"aditus/internal/store";"crypto/rand")
func BenchmarkNew(b *testing.B){
 ring:=keys.New(rand.Reader)
 f:=filepath.Join(b.TempDir(),"a.db")
 for b.Loop(){
  fs,err:=policy.LoadAll(funds.Files); if err!=nil{b.Fatal(err)}
  a,err:=app.New(context.Background(),app.Options{Database:f,Keys:ring,Funds:fs,Wording:funds.Files,Log:slog.New(slog.DiscardHandler),Checkpoints:io.Discard})
  if err!=nil{b.Fatal(err)}
  a.Close()
 }
}
func BenchmarkTexts(b *testing.B){ b.ReportAllocs(); for b.Loop(){ texts.Load() } }
func BenchmarkAssets(b *testing.B){ b.ReportAllocs(); for b.Loop(){ assets.Load() } }
func BenchmarkPolicy(b *testing.B){ b.ReportAllocs(); for b.Loop(){ policy.LoadAll(funds.Files) } }
func BenchmarkStore(b *testing.B){
 ring:=keys.New(rand.Reader)
 f:=filepath.Join(b.TempDir(),"a.db")
 db,_:=store.Open(context.Background(),f,store.Options{Keys:ring}); db.Migrate(context.Background()); db.Close()
 b.ReportAllocs()
 for b.Loop(){ db,_:=store.Open(context.Background(),f,store.Options{Keys:ring}); db.Close() }
}
func BenchmarkMigrate(b *testing.B){
 ring:=keys.New(rand.Reader)
 f:=filepath.Join(b.TempDir(),"a.db")
 db,_:=store.Open(context.Background(),f,store.Options{Keys:ring}); db.Migrate(context.Background()); 
 b.ReportAllocs()
 for b.Loop(){ db.Migrate(context.Background()) }
}
