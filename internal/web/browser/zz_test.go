package browser_test
import ("testing";"aditus/internal/browsertest";"time";"os";"fmt")
func TestZZ(t *testing.T){
 w:=newWorld(t); s:=&stage{world:w,lang:"it",page:browsertest.New(t,browsertest.Options{})}
 src,_:=os.ReadFile("../../../web/node_modules/axe-core/axe.min.js")
 who:=s.act(bySMS)
 tm:=func(n string,f func()){ t0:=time.Now(); f(); fmt.Println(n,time.Since(t0))}
 for range 3 {
 tm("goes", func(){ s.goes(who,"/") })
 tm("open", func(){ s.page.Open(s.base+"/") })
 tm("open", func(){ s.page.Open(s.base+"/profile") })
 tm("size", func(){ s.page.Size(320,900) })
 tm("look", func(){ s.look() })
 tm("weigh", func(){ s.weigh() })
 tm("inject", func(){ browsertest.Eval[int](s.page, string(src)+";0") })
 tm("axe", func(){ s.page.Axe() })
 tm("axe again", func(){ s.page.Axe() })
 tm("size", func(){ s.page.Size(1280,900) })
 tm("look", func(){ s.look() })
 tm("axe again", func(){ s.page.Axe() })
 }
}
